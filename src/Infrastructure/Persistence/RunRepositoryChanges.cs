using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Commits;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence;

/// <content>
/// Updates. Each runs in a shared transaction on the locked run, and returns a snapshot that was taken right after its
/// own change.
/// </content>
internal sealed partial class RunRepository
{
    public async Task<Result<FirstAnswer>> AddOnceAsync(Run run, RequestKey key, CancellationToken cancellationToken)
    {
        // Nearly every key is new: those requests share the commits of requests without keys.
        var insertion = new Insertion(run, key, cancellationToken);
        return await queue.InsertAsync(insertion)
            ? new FirstAnswer(run.Id, key.WithRepresentation)
            : await CommitAsync(
                run.TenantId,
                null,
                insertion.Size,
                (transaction, cancellation) => AddOnceAsync(transaction, run, key, cancellation),
                cancellationToken,
                LockName(key));
    }

    public Task<Result<Run>> ChangeAsync(TenantId tenantId, RunId id, long size, Func<Run, Error?> change, CancellationToken cancellationToken) =>
        ChangeAsync<Run>(tenantId, id, size, (run, _, _) => Task.FromResult<Result<Run>>(change(run) is { } error ? error : run.Copy()), cancellationToken);

    public Task<Result<RunActivity>> AddActivityAsync(
        TenantId tenantId,
        RunId id,
        RequestKey? key,
        DateTimeOffset now,
        long size,
        Func<Run, int, Result<RunActivity>> add,
        CancellationToken cancellationToken) =>
        ChangeAsync(
            tenantId,
            id,
            size,
            async (run, transaction, cancellation) =>
            {
                // A key is the run's own: on another run it is another.
                var (context, ofRun) = (transaction.Context, key is null ? null : key with { Name = $"activity of {id} {key.Name}" });
                if (ofRun is not null && await FindFirstAsync(transaction, tenantId, ofRun, now, cancellation) is { } found)
                {
                    return found.Succeeded(out var first, out var error)
                        ? await FindActivityAsync(context, tenantId, id, new ActivityId(first.RunId.Value), cancellation)
                        : error;
                }

                var count = await context.RunActivities.CountAsync(a => a.TenantId == tenantId && a.RunId == id, cancellation)
                    + context.ChangeTracker.Entries<RunActivity>().Count(e => e.State == EntityState.Added && e.Entity.RunId == id);
                var added = add(run, count);
                if (added.Succeeded(out var activity, out _))
                {
                    context.RunActivities.Add(activity);
                    if (ofRun is not null)
                    {
                        // The run is locked, so that nobody else adds to it under the key.
                        await IsFirstAsync(transaction, tenantId, activity.Id.Value, ofRun, now, cancellation);
                    }
                }

                return added;
            },
            cancellationToken);

    public Task<Result<RunActivity>> ChangeActivityAsync(
        TenantId tenantId, RunId id, ActivityId activityId, long size, Func<Run, RunActivity, Error?> change, CancellationToken cancellationToken) =>
        ChangeAsync<RunActivity>(
            tenantId,
            id,
            size,
            async (run, transaction, cancellation) =>
            {
                var activity = await transaction.Context.RunActivities.AsTracking()
                    .SingleOrDefaultAsync(a => a.TenantId == tenantId && a.RunId == id && a.Id == activityId, cancellation);
                return activity is null ? RunErrors.ActivityNotFound(activityId.ToString()) : change(run, activity) is { } error ? error : activity.Copy();
            },
            cancellationToken);

    public Task<Result<Run>> DeleteAsync(TenantId tenantId, RunId id, Func<Run, Error?> refuse, CancellationToken cancellationToken) =>
        ChangeAsync<Run>(
            tenantId,
            id,
            size: 0,
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

    public Task<Result<RunId>> StartAsync(Run run, RequestKey? key, int limit, TimeSpan window, CancellationToken cancellationToken) =>
        CommitAsync(
            run.TenantId,
            null,
            size: 0,
            (transaction, cancellation) => StartAsync(transaction, run, key, limit, window, cancellation),
            cancellationToken,
            $"start {(key is null ? "" : LockName(key))}");

    // In the order of the hashes, in which batches of new runs insert their keys too.
    private static string LockName(RequestKey key) => KeptRequest.HashOf(key.Name).ToString("N");

    private static async Task<Result<FirstAnswer>> AddOnceAsync(ChangeTransaction transaction, Run run, RequestKey key, CancellationToken cancellationToken)
    {
        if (!await IsFirstAsync(transaction, run.TenantId, run.Id.Value, key, run.CreatedDateTime, cancellationToken))
        {
            return (await FindFirstAsync(transaction, run.TenantId, key, run.CreatedDateTime, cancellationToken))!;
        }

        transaction.Add(run);
        return new FirstAnswer(run.Id, key.WithRepresentation);
    }

    // Of several at once, one inserts; the others wait here until it is committed, and then find it.
    private static async Task<bool> IsFirstAsync(ChangeTransaction transaction, TenantId tenantId, Guid id, RequestKey key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (tenant, keyHash, bodyHash) = (tenantId.Value, KeptRequest.HashOf(key.Name), key.BodyHash.ToArray());
        var expired = now - RequestKey.Lifetime;
        return await transaction.Context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO kept_requests (tenant_id, key_hash, body_hash, run_id, with_representation, created_date_time)
            VALUES ({tenant}, {keyHash}, {bodyHash}, {id}, {key.WithRepresentation}, {now})
            ON CONFLICT (tenant_id, key_hash) DO UPDATE
            SET body_hash = excluded.body_hash, run_id = excluded.run_id, with_representation = excluded.with_representation, created_date_time = excluded.created_date_time
            WHERE kept_requests.created_date_time <= {expired}
            """,
            cancellationToken) == 1;
    }

    private static async Task<Result<FirstAnswer>?> FindFirstAsync(ChangeTransaction transaction, TenantId tenantId, RequestKey key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (keyHash, expired) = (KeptRequest.HashOf(key.Name), now - RequestKey.Lifetime);
        var first = await transaction.Context.KeptRequests.SingleOrDefaultAsync(
            r => r.TenantId == tenantId && r.KeyHash == keyHash && r.CreatedDateTime > expired, cancellationToken);
        return first is null ? null
            : first.BodyHash.AsSpan().SequenceEqual(key.BodyHash.Span) ? new FirstAnswer(first.RunId, first.WithRepresentation)
            : RunErrors.KeyReused();
    }

    // It may be new in this very transaction.
    private static async Task<Result<RunActivity>> FindActivityAsync(
        IndustryDataContext context, TenantId tenantId, RunId runId, ActivityId id, CancellationToken cancellationToken) =>
        context.ChangeTracker.Entries<RunActivity>()
            .FirstOrDefault(e => e.Entity.TenantId == tenantId && e.Entity.RunId == runId && e.Entity.Id == id)?.Entity.Copy()
        ?? await context.RunActivities.SingleOrDefaultAsync(a => a.TenantId == tenantId && a.RunId == runId && a.Id == id, cancellationToken)
        ?? (Result<RunActivity>)RunErrors.ActivityNotFound(id.ToString());

    private static async Task<Result<RunId>> StartAsync(ChangeTransaction transaction, Run run, RequestKey? key, int limit, TimeSpan window, CancellationToken cancellationToken)
    {
        var context = transaction.Context;

        // Starts of one tenant one after the other, so that the limit holds however many services are asked at once.
        await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({run.TenantId.Value.ToString()}, 0))", cancellationToken);
        if (key is not null && await FindFirstAsync(transaction, run.TenantId, key, run.CreatedDateTime, cancellationToken) is { } found)
        {
            return found.Succeeded(out var first, out var error) ? first.RunId : error;
        }

        var since = run.CreatedDateTime - window;
        var starts = await context.RunStarts
            .Where(s => s.TenantId == run.TenantId && s.StartedDateTime > since)
            .OrderByDescending(s => s.StartedDateTime)
            .Select(s => s.StartedDateTime)
            .Take(limit)
            .ToListAsync(cancellationToken);
        if (starts.Count >= limit)
        {
            return RunErrors.StartedTooOften(limit, window, starts.Count == 0 ? window : starts[^1] - since);
        }

        if (key is not null && !await IsFirstAsync(transaction, run.TenantId, run.Id.Value, key, run.CreatedDateTime, cancellationToken))
        {
            // A report of the same key, which does not wait for its turn among starts.
            return RunErrors.KeyReused();
        }

        await context.RunStarts.Where(s => s.TenantId == run.TenantId && s.StartedDateTime <= since).ExecuteDeleteAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"INSERT INTO run_starts (tenant_id, started_date_time, run_id) VALUES ({run.TenantId.Value}, {run.CreatedDateTime}, {run.Id.Value})", cancellationToken);
        transaction.Add(run);
        return run.Id;
    }

    private Task<Result<T>> ChangeAsync<T>(
        TenantId tenantId, RunId id, long size, Func<Run, ChangeTransaction, CancellationToken, Task<Result<T>>> decide, CancellationToken cancellationToken)
        where T : notnull
    {
        var key = new RunKey(tenantId, id);
        return CommitAsync(
            tenantId,
            key,
            size,
            async (transaction, cancellation) => transaction.Find(key) is { } run ? await decide(run, transaction, cancellation) : RunErrors.NotFound(id.ToString()),
            cancellationToken);
    }

    private Task<T> CommitAsync<T>(
        TenantId tenantId,
        RunKey? locks,
        long size,
        Func<ChangeTransaction, CancellationToken, Task<T>> decide,
        CancellationToken cancellationToken,
        string lockName = "") =>
        queue.ChangeAsync(new Change<T>(tenantId, locks, size, decide, cancellationToken) { LockName = lockName });
}
