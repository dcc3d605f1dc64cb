using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Commits;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence;

/// <content>What is decided on what is kept: the run as it is, which stays locked until the commit, or an earlier request.</content>
internal sealed partial class RunRepository
{
    public Task<Result<FirstAnswer>> AddOnceAsync(Run run, RequestKey key, CancellationToken cancellationToken) =>
        CommitAsync(null, (transaction, cancellation) => AddOnceAsync(transaction, run, key, cancellation), cancellationToken);

    public Task<Result<Run>> ChangeAsync(TenantId tenantId, RunId id, Func<Run, Error?> change, CancellationToken cancellationToken) =>
        ChangeAsync<Run>(tenantId, id, (run, _, _) => Task.FromResult<Result<Run>>(change(run) is { } error ? error : run), cancellationToken);

    public Task<Result<RunActivity>> AddActivityAsync(TenantId tenantId, RunId id, Func<Run, int, Result<RunActivity>> add, CancellationToken cancellationToken) =>
        ChangeAsync(
            tenantId,
            id,
            async (run, transaction, cancellation) =>
            {
                var context = transaction.Context;
                var count = await context.RunActivities.CountAsync(a => a.TenantId == tenantId && a.RunId == id, cancellation)
                    + context.ChangeTracker.Entries<RunActivity>().Count(e => e.State == EntityState.Added && e.Entity.RunId == id);
                var added = add(run, count);
                if (added.Succeeded(out var activity, out _))
                {
                    context.RunActivities.Add(activity);
                }

                return added;
            },
            cancellationToken);

    public Task<Result<RunActivity>> ChangeActivityAsync(TenantId tenantId, RunId id, ActivityId activityId, Func<Run, RunActivity, Error?> change, CancellationToken cancellationToken) =>
        ChangeAsync<RunActivity>(
            tenantId,
            id,
            async (run, transaction, cancellation) =>
            {
                var activity = await transaction.Context.RunActivities.AsTracking()
                    .SingleOrDefaultAsync(a => a.TenantId == tenantId && a.RunId == id && a.Id == activityId, cancellation);
                return activity is null ? RunErrors.ActivityNotFound(activityId.ToString()) : change(run, activity) is { } error ? error : activity;
            },
            cancellationToken);

    public Task<Result<Run>> DeleteAsync(TenantId tenantId, RunId id, Func<Run, Error?> refuse, CancellationToken cancellationToken) =>
        ChangeAsync<Run>(
            tenantId,
            id,
            async (run, transaction, cancellation) =>
            {
                if (refuse(run) is { } error)
                {
                    return error;
                }

                await transaction.DeleteAsync(run, cancellation);
                return run;
            },
            cancellationToken);

    public Task<TimeSpan?> StartAsync(Run run, int limit, TimeSpan window, CancellationToken cancellationToken) =>
        CommitAsync(null, (transaction, cancellation) => StartAsync(transaction, run, limit, window, cancellation), cancellationToken);

    private static async Task<Result<FirstAnswer>> AddOnceAsync(ChangeTransaction transaction, Run run, RequestKey key, CancellationToken cancellationToken)
    {
        var (tenant, now, hash) = (run.TenantId.Value, run.CreatedDateTime, key.BodyHash.ToArray());
        var expired = now - RequestKey.Lifetime;

        // Of several at once, one inserts; the others wait here until it is committed, and then find it.
        var isFirst = await transaction.Context.Database.ExecuteSqlAsync(
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
            transaction.Add(run);
            return new FirstAnswer(run.Id, key.WithRepresentation);
        }

        var first = await transaction.Context.KeptRequests.SingleAsync(r => r.TenantId == run.TenantId && r.Name == key.Name, cancellationToken);
        return first.BodyHash.AsSpan().SequenceEqual(hash) ? new FirstAnswer(first.RunId, first.WithRepresentation) : RunErrors.KeyReused();
    }

    private static async Task<TimeSpan?> StartAsync(ChangeTransaction transaction, Run run, int limit, TimeSpan window, CancellationToken cancellationToken)
    {
        var context = transaction.Context;

        // Starts of one tenant one after the other, so that the limit holds however many services are asked at once.
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
        await context.Database.ExecuteSqlAsync(
            $"INSERT INTO run_starts (tenant_id, started_date_time, run_id) VALUES ({run.TenantId.Value}, {run.CreatedDateTime}, {run.Id.Value})", cancellationToken);
        transaction.Add(run);
        return null;
    }

    private Task<Result<T>> ChangeAsync<T>(TenantId tenantId, RunId id, Func<Run, ChangeTransaction, CancellationToken, Task<Result<T>>> decide, CancellationToken cancellationToken)
        where T : notnull
    {
        var key = new RunKey(tenantId, id);
        return CommitAsync(
            key,
            async (transaction, cancellation) => transaction.Find(key) is { } run ? await decide(run, transaction, cancellation) : RunErrors.NotFound(id.ToString()),
            cancellationToken);
    }

    private Task<T> CommitAsync<T>(RunKey? locks, Func<ChangeTransaction, CancellationToken, Task<T>> decide, CancellationToken cancellationToken) =>
        queue.CommitAsync(new Change<T>(locks, decide, cancellationToken));
}
