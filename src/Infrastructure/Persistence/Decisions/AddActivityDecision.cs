using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.GroupCommit;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence.Decisions;

/// <summary>Adds an activity to a locked run unless the idempotency key is used.</summary>
internal static class AddActivityDecision
{
    public static async Task<Result<RunActivity>> ApplyAsync(
        UpdateTransaction transaction,
        Run run,
        IdempotencyKey? key,
        DateTimeOffset now,
        Func<Run, int, Result<RunActivity>> add,
        CancellationToken cancellationToken
    )
    {
        var context = transaction.Context;
        var keys = new IdempotencyKeys(context, run.TenantId, now);

        // The scope of a key is the run: the same key on another run is a different key.
        var keyOfRun = key is null ? null : key with { Value = $"activity of {run.Id} {key.Value}" };
        if (keyOfRun is not null && await keys.FindAsync(keyOfRun, cancellationToken) is { } found)
        {
            return found.TryGetValue(out var first, out var error)
                ? await FindAsync(context, run, ActivityId.FromGuid(first.RunId.Value), cancellationToken)
                : error;
        }

        var added = add(run, await CountAsync(context, run, cancellationToken));
        if (added.TryGetValue(out var activity, out _))
        {
            context.RunActivities.Add(activity);
            if (keyOfRun is not null)
            {
                // The run is locked, so no other request adds an activity to it with the key.
                await keys.TryUseAsync(keyOfRun, activity.Id.Value, cancellationToken);
            }
        }

        return added;
    }

    // Activities may be new in the same transaction.
    private static async Task<int> CountAsync(IndustryDataContext context, Run run, CancellationToken cancellationToken)
    {
        var (tenantId, id) = (run.TenantId, run.Id);
        return await context.RunActivities.CountAsync(a => a.TenantId == tenantId && a.RunId == id, cancellationToken)
            + context
                .ChangeTracker.Entries<RunActivity>()
                .Count(e => e.State == EntityState.Added && e.Entity.RunId == id);
    }

    private static async Task<Result<RunActivity>> FindAsync(
        IndustryDataContext context,
        Run run,
        ActivityId activityId,
        CancellationToken cancellationToken
    )
    {
        var (tenantId, id) = (run.TenantId, run.Id);
        return context
                .ChangeTracker.Entries<RunActivity>()
                .FirstOrDefault(e => e.Entity.TenantId == tenantId && e.Entity.RunId == id && e.Entity.Id == activityId)
                ?.Entity.Snapshot()
            ?? await context.RunActivities.SingleOrDefaultAsync(
                a => a.TenantId == tenantId && a.RunId == id && a.Id == activityId,
                cancellationToken
            )
            ?? (Result<RunActivity>)RunErrors.ActivityNotFound;
    }
}
