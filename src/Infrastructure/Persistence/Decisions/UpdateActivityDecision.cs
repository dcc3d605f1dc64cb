using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.GroupCommit;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence.Decisions;

/// <summary>Changes an activity of a locked run.</summary>
internal static class UpdateActivityDecision
{
    public static async Task<Result<RunActivity>> ApplyAsync(
        UpdateTransaction transaction,
        Run run,
        ActivityId activityId,
        Func<Run, RunActivity, Error?> change,
        CancellationToken cancellationToken
    )
    {
        var (tenantId, id) = (run.TenantId, run.Id);
        var activity = await transaction
            .Context.RunActivities.AsTracking()
            .SingleOrDefaultAsync(
                a => a.TenantId == tenantId && a.RunId == id && a.Id == activityId,
                cancellationToken
            );
        return activity is null ? RunErrors.ActivityNotFound
            : change(run, activity) is { } error ? error
            : activity.Snapshot();
    }
}
