using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence;

/// <content>Requests that may be repeated.</content>
internal sealed partial class RunRepository
{
    // What one request clears away of others', so that nobody waits for long and the table does not grow.
    private const int ClearedAtOnce = 10;

    public async Task<Result<FirstAnswer>> AddOnceAsync(Run run, RequestKey key, CancellationToken cancellationToken)
    {
        var (tenant, now, hash) = (run.TenantId.Value, run.CreatedDateTime, key.BodyHash.ToArray());
        var expired = now - RequestKey.Lifetime;
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"""
            DELETE FROM kept_requests WHERE tenant_id = {tenant} AND name IN (
                SELECT name FROM kept_requests WHERE tenant_id = {tenant} AND created_date_time <= {expired} LIMIT {ClearedAtOnce} FOR UPDATE SKIP LOCKED)
            """,
            cancellationToken);

        // Of several at once, one inserts; the others wait here until it is committed, and then find it.
        var isFirst = await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO kept_requests (tenant_id, name, body_hash, run_id, with_representation, created_date_time)
            VALUES ({tenant}, {key.Name}, {hash}, {run.Id.Value}, {key.WithRepresentation}, {now})
            ON CONFLICT (tenant_id, name) DO UPDATE
            SET body_hash = excluded.body_hash, run_id = excluded.run_id, with_representation = excluded.with_representation, created_date_time = excluded.created_date_time
            WHERE kept_requests.created_date_time <= {expired}
            """,
            cancellationToken) == 1;
        if (isFirst)
        {
            await AddAsync(run, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return new FirstAnswer(run.Id, key.WithRepresentation);
        }

        var first = await context.KeptRequests.SingleAsync(r => r.TenantId == run.TenantId && r.Name == key.Name, cancellationToken);
        return first.BodyHash.AsSpan().SequenceEqual(hash) ? new FirstAnswer(first.RunId, first.WithRepresentation) : RunErrors.KeyReused();
    }
}
