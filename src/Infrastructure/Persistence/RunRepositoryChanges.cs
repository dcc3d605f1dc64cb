using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence;

/// <content>Changes of what is kept, each decided on the row as it is, which stays locked until the commit.</content>
internal sealed partial class RunRepository
{
    public Task<Result<Run>> ChangeAsync(TenantId tenantId, RunId id, Func<Run, Error?> change, CancellationToken cancellationToken) =>
        LockAsync<Run>(tenantId, id, run => Task.FromResult<Result<Run>>(change(run) is { } error ? error : run), cancellationToken);

    public Task<Result<RunActivity>> AddActivityAsync(TenantId tenantId, RunId id, Func<Run, int, Result<RunActivity>> add, CancellationToken cancellationToken) =>
        LockAsync(
            tenantId,
            id,
            async run =>
            {
                var added = add(run, await context.RunActivities.CountAsync(a => a.TenantId == tenantId && a.RunId == id, cancellationToken));
                if (added.Succeeded(out var activity, out _))
                {
                    context.RunActivities.Add(activity);
                }

                return added;
            },
            cancellationToken);

    public Task<Result<RunActivity>> ChangeActivityAsync(TenantId tenantId, RunId id, ActivityId activityId, Func<Run, RunActivity, Error?> change, CancellationToken cancellationToken) =>
        LockAsync<RunActivity>(
            tenantId,
            id,
            async run =>
            {
                var activity = await context.RunActivities.AsTracking()
                    .SingleOrDefaultAsync(a => a.TenantId == tenantId && a.RunId == id && a.Id == activityId, cancellationToken);
                return activity is null ? RunErrors.ActivityNotFound(activityId.ToString()) : change(run, activity) is { } error ? error : activity;
            },
            cancellationToken);

    public Task<Result<Run>> DeleteAsync(TenantId tenantId, RunId id, Func<Run, Error?> refuse, CancellationToken cancellationToken) =>
        LockAsync<Run>(
            tenantId,
            id,
            async run =>
            {
                if (refuse(run) is { } error)
                {
                    return error;
                }

                await context.RunActivities.Where(a => a.TenantId == tenantId && a.RunId == id).ExecuteDeleteAsync(cancellationToken);
                context.Runs.Remove(run);
                return run;
            },
            cancellationToken);

    public async Task<TimeSpan?> StartAsync(Run run, int limit, TimeSpan window, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);

        // Starts of one tenant one after the other, so that the limit holds however many arrive at once.
        await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({run.TenantId.Value.ToString()}, 0))", cancellationToken);
        var since = run.CreatedDateTime - window;
        var starts = await context.RunStarts
            .Where(s => s.TenantId == run.TenantId && s.StartedDateTime > since)
            .OrderByDescending(s => s.StartedDateTime)
            .Select(s => s.StartedDateTime)
            .Take(limit)
            .ToListAsync(cancellationToken);
        if (starts.Count >= limit)
        {
            return starts.Count == 0 ? window : starts[^1] - since;
        }

        await context.RunStarts.Where(s => s.TenantId == run.TenantId && s.StartedDateTime <= since).ExecuteDeleteAsync(cancellationToken);
        context.RunStarts.Add(new RunStart { TenantId = run.TenantId, RunId = run.Id, StartedDateTime = run.CreatedDateTime });
        context.Runs.Add(run);
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    private async Task<Result<T>> LockAsync<T>(TenantId tenantId, RunId id, Func<Run, Task<Result<T>>> decide, CancellationToken cancellationToken)
        where T : notnull
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);

        // Whoever changes the same run waits here, and then decides on the run as the one before left it.
        await context.Database.ExecuteSqlAsync($"SELECT FROM runs WHERE tenant_id = {tenantId.Value} AND id = {id.Value} FOR UPDATE", cancellationToken);
        if (await context.Runs.AsTracking().SingleOrDefaultAsync(r => r.TenantId == tenantId && r.Id == id, cancellationToken) is not { } run)
        {
            return RunErrors.NotFound(id.ToString());
        }

        var decision = await decide(run);
        if (decision.Succeeded(out _, out _))
        {
            await context.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return decision;
    }
}
