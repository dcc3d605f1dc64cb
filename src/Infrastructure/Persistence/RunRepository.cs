using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence;

internal sealed class RunRepository(IndustryDataContext context) : IRunRepository
{
    public async Task AddAsync(Run run, CancellationToken cancellationToken)
    {
        context.Runs.Add(run);
        await context.SaveChangesAsync(cancellationToken);
    }

    public Task<Result<Run>> ChangeAsync(TenantId tenantId, RunId id, Func<Run, Error?> change, CancellationToken cancellationToken) =>
        LockAsync(tenantId, id, change, cancellationToken);

    public Task<Result<Run>> DeleteAsync(TenantId tenantId, RunId id, Func<Run, Error?> refuse, CancellationToken cancellationToken) =>
        LockAsync(
            tenantId,
            id,
            run =>
            {
                var error = refuse(run);
                if (error is null)
                {
                    context.Runs.Remove(run);
                }

                return error;
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

    private async Task<Result<Run>> LockAsync(TenantId tenantId, RunId id, Func<Run, Error?> decide, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);

        // Whoever changes the same run waits here, and then decides on the run as the one before left it.
        await context.Database.ExecuteSqlAsync($"SELECT FROM runs WHERE tenant_id = {tenantId.Value} AND id = {id.Value} FOR UPDATE", cancellationToken);
        if (await context.Runs.AsTracking().SingleOrDefaultAsync(r => r.TenantId == tenantId && r.Id == id, cancellationToken) is not { } run)
        {
            return RunErrors.NotFound(id.ToString());
        }

        if (decide(run) is { } error)
        {
            return error;
        }

        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return run;
    }
}
