using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.GroupCommit;

namespace IndustryData.Infrastructure.Persistence.Decisions;

/// <summary>Adds a run unless its idempotency key is used.</summary>
internal static class AddRunDecision
{
    public static async Task<Result<IdempotentOutcome>> ApplyAsync(
        UpdateTransaction transaction,
        Run run,
        IdempotencyKey key,
        CancellationToken cancellationToken
    )
    {
        var keys = new IdempotencyKeys(transaction.Context, run.TenantId, run.CreatedDateTime);
        if (!await keys.TryUseAsync(key, run.Id.Value, cancellationToken))
        {
            return (await keys.FindAsync(key, cancellationToken))!;
        }

        transaction.Add(run);
        return new IdempotentOutcome(run.Id, key.IncludesRun);
    }
}
