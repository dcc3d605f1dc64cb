using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.GroupCommit;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence.Decisions;

/// <summary>Starts a run unless the limit for starts is reached or the idempotency key is used.</summary>
internal static class StartRunDecision
{
    public static async Task<Result<RunId>> ApplyAsync(
        UpdateTransaction transaction,
        Run run,
        IdempotencyKey? key,
        StartRateLimit limit,
        CancellationToken cancellationToken
    )
    {
        var (context, tenantId, now) = (transaction.Context, run.TenantId, run.CreatedDateTime);

        // Starts of one tenant run one after the other, so that the limit holds across all instances of the service.
        await context.Database.ExecuteSqlAsync(
            $"SELECT pg_advisory_xact_lock(hashtextextended({tenantId.Value.ToString()}, 0))",
            cancellationToken
        );
        var keys = new IdempotencyKeys(context, tenantId, now);
        if (key is not null && await keys.FindAsync(key, cancellationToken) is { } found)
        {
            return found.TryGetValue(out var first, out var error) ? first.RunId : error;
        }

        // The limit needs no more than the newest starts.
        var windowStart = limit.WindowStart(now);
        var starts = await context
            .RunStarts.Where(s => s.TenantId == tenantId && s.StartedDateTime > windowStart)
            .OrderByDescending(s => s.StartedDateTime)
            .Select(s => s.StartedDateTime)
            .Take(limit.MaxStarts)
            .ToListAsync(cancellationToken);
        if (limit.Check(starts, now) is { } exceeded)
        {
            return exceeded;
        }

        if (key is not null && !await keys.TryUseAsync(key, run.Id.Value, cancellationToken))
        {
            // A report used the same key. Reports do not wait for the lock of the starts.
            return RunErrors.IdempotencyKeyReused();
        }

        await context
            .RunStarts.Where(s => s.TenantId == tenantId && s.StartedDateTime <= windowStart)
            .ExecuteDeleteAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO run_starts (tenant_id, started_date_time, run_id)
            VALUES ({tenantId.Value}, {now}, {run.Id.Value})
            """,
            cancellationToken
        );
        transaction.Add(run);
        return run.Id;
    }
}
