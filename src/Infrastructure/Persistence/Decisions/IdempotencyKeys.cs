using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.GroupCommit;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence.Decisions;

/// <summary>The idempotency keys of a tenant, as seen by an update.</summary>
/// <param name="context">The context of the transaction.</param>
/// <param name="tenantId">The tenant.</param>
/// <param name="now">The current time of the server.</param>
internal readonly struct IdempotencyKeys(IndustryDataContext context, TenantId tenantId, DateTimeOffset now)
{
    private DateTimeOffset Expired => now - IdempotencyKey.TimeToLive;

    /// <summary>
    /// Records a key, unless it is used. Of several concurrent requests with the same key, one inserts the key. The
    /// others wait here for its commit and then find the key.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="resourceId">The id of the run or activity that the request adds.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <returns>False if the key is used.</returns>
    public async Task<bool> TryUseAsync(IdempotencyKey key, Guid resourceId, CancellationToken cancellationToken)
    {
        var (keyHash, fingerprint) = (IdempotencyRecord.HashOf(key.Value), key.RequestFingerprint.ToArray());
        return await context.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO idempotency_records (
                    tenant_id, key_hash, request_fingerprint, resource_id, return_representation, created_date_time)
                VALUES (
                    {tenantId.Value}, {keyHash}, {fingerprint}, {resourceId}, {key.IncludesRun}, {now})
                ON CONFLICT (tenant_id, key_hash) DO UPDATE
                SET request_fingerprint = excluded.request_fingerprint,
                    resource_id = excluded.resource_id,
                    return_representation = excluded.return_representation,
                    created_date_time = excluded.created_date_time
                WHERE idempotency_records.created_date_time <= {Expired}
                """,
                cancellationToken
            ) == 1;
    }

    /// <summary>Finds the outcome of the first request with a key.</summary>
    /// <returns>
    /// The outcome; an error if that request was another one; null if the key is not used or has expired.
    /// </returns>
    public async Task<Result<IdempotentOutcome>?> FindAsync(IdempotencyKey key, CancellationToken cancellationToken)
    {
        var (tenant, keyHash, expired) = (tenantId, IdempotencyRecord.HashOf(key.Value), Expired);
        var first = await context.IdempotencyRecords.SingleOrDefaultAsync(
            r => r.TenantId == tenant && r.KeyHash == keyHash && r.CreatedDateTime > expired,
            cancellationToken
        );
        return first is null ? null
            : first.RequestFingerprint.AsSpan().SequenceEqual(key.RequestFingerprint.Span)
                ? new IdempotentOutcome(first.ResourceId, first.ReturnRepresentation)
            : RunErrors.IdempotencyKeyReused();
    }
}
