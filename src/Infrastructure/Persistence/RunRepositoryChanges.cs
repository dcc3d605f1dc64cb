using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Commits;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence;

/// <content>
/// Updates. Each one runs in a shared transaction on the locked run. It returns a snapshot taken right after its own
/// change.
/// </content>
internal sealed partial class RunRepository
{
    public async Task<Result<IdempotentOutcome>> AddIdempotentAsync(
        Run run,
        IdempotencyKey key,
        CancellationToken cancellationToken
    )
    {
        // Most keys are new. Requests with new keys share the commits of requests without keys.
        var insertion = new PendingInsert(run, key, cancellationToken);
        return await queue.InsertAsync(insertion)
            ? new IdempotentOutcome(run.Id, key.ReturnRepresentation)
            : await CommitAsync(
                run.TenantId,
                null,
                insertion.Size,
                (transaction, cancellation) => AddIdempotentAsync(transaction, run, key, cancellation),
                cancellationToken,
                LockName(key)
            );
    }

    public Task<Result<Run>> UpdateAsync(
        TenantId tenantId,
        RunId id,
        long size,
        Func<Run, Error?> change,
        CancellationToken cancellationToken
    ) =>
        UpdateAsync<Run>(
            tenantId,
            id,
            size,
            (run, _, _) => Task.FromResult<Result<Run>>(change(run) is { } error ? error : run.Snapshot()),
            cancellationToken
        );

    public Task<Result<RunActivity>> AddActivityAsync(
        TenantId tenantId,
        RunId id,
        IdempotencyKey? key,
        DateTimeOffset now,
        long size,
        Func<Run, int, Result<RunActivity>> add,
        CancellationToken cancellationToken
    ) =>
        UpdateAsync(
            tenantId,
            id,
            size,
            async (run, transaction, cancellation) =>
            {
                // The scope of a key is the run: the same key on another run is a different key.
                var (context, ofRun) = (
                    transaction.Context,
                    key is null ? null : key with { Value = $"activity of {id} {key.Value}" }
                );
                if (
                    ofRun is not null
                    && await FindFirstAsync(transaction, tenantId, ofRun, now, cancellation) is { } found
                )
                {
                    return found.TryGetValue(out var first, out var error)
                        ? await FindActivityAsync(
                            context,
                            tenantId,
                            id,
                            ActivityId.FromGuid(first.RunId.Value),
                            cancellation
                        )
                        : error;
                }

                var stored = await context.RunActivities.CountAsync(
                    a => a.TenantId == tenantId && a.RunId == id,
                    cancellation
                );
                var count =
                    stored
                    + context
                        .ChangeTracker.Entries<RunActivity>()
                        .Count(e => e.State == EntityState.Added && e.Entity.RunId == id);
                var added = add(run, count);
                if (added.TryGetValue(out var activity, out _))
                {
                    context.RunActivities.Add(activity);
                    if (ofRun is not null)
                    {
                        // The run is locked, so no other request adds an activity to it with the key.
                        await IsFirstAsync(transaction, tenantId, activity.Id.Value, ofRun, now, cancellation);
                    }
                }

                return added;
            },
            cancellationToken
        );

    public Task<Result<RunActivity>> UpdateActivityAsync(
        TenantId tenantId,
        RunId id,
        ActivityId activityId,
        long size,
        Func<Run, RunActivity, Error?> change,
        CancellationToken cancellationToken
    ) =>
        UpdateAsync<RunActivity>(
            tenantId,
            id,
            size,
            async (run, transaction, cancellation) =>
            {
                var activity = await transaction
                    .Context.RunActivities.AsTracking()
                    .SingleOrDefaultAsync(
                        a => a.TenantId == tenantId && a.RunId == id && a.Id == activityId,
                        cancellation
                    );
                return activity is null ? RunErrors.ActivityNotFound(activityId.ToString())
                    : change(run, activity) is { } error ? error
                    : activity.Snapshot();
            },
            cancellationToken
        );

    public Task<Result<Run>> DeleteAsync(
        TenantId tenantId,
        RunId id,
        Func<Run, Error?> precondition,
        CancellationToken cancellationToken
    ) =>
        UpdateAsync<Run>(
            tenantId,
            id,
            size: 0,
            async (run, transaction, cancellation) =>
            {
                if (precondition(run) is { } error)
                {
                    return error;
                }

                await transaction.DeleteAsync(run, cancellation);
                return run;
            },
            cancellationToken
        );

    public Task<Result<RunId>> StartAsync(
        Run run,
        IdempotencyKey? key,
        int limit,
        TimeSpan window,
        CancellationToken cancellationToken
    ) =>
        CommitAsync(
            run.TenantId,
            null,
            size: 0,
            (transaction, cancellation) => StartAsync(transaction, run, key, limit, window, cancellation),
            cancellationToken,
            $"start {(key is null ? "" : LockName(key))}"
        );

    // The names sort in the order of the hashes. Batches of new runs insert their keys in the same order.
    private static string LockName(IdempotencyKey key) => IdempotencyRecord.HashOf(key.Value).ToString("N");

    private static async Task<Result<IdempotentOutcome>> AddIdempotentAsync(
        UpdateTransaction transaction,
        Run run,
        IdempotencyKey key,
        CancellationToken cancellationToken
    )
    {
        if (!await IsFirstAsync(transaction, run.TenantId, run.Id.Value, key, run.CreatedDateTime, cancellationToken))
        {
            return (await FindFirstAsync(transaction, run.TenantId, key, run.CreatedDateTime, cancellationToken))!;
        }

        transaction.Add(run);
        return new IdempotentOutcome(run.Id, key.ReturnRepresentation);
    }

    // Of several concurrent requests with the same key, one inserts the key. The others wait here for its commit and
    // then find the key.
    private static async Task<bool> IsFirstAsync(
        UpdateTransaction transaction,
        TenantId tenantId,
        Guid id,
        IdempotencyKey key,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var (tenant, keyHash, bodyHash) = (
            tenantId.Value,
            IdempotencyRecord.HashOf(key.Value),
            key.RequestFingerprint.ToArray()
        );
        var expired = now - IdempotencyKey.TimeToLive;
        return await transaction.Context.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO kept_requests
                    (tenant_id, key_hash, body_hash, run_id, with_representation, created_date_time)
                VALUES ({tenant}, {keyHash}, {bodyHash}, {id}, {key.ReturnRepresentation}, {now})
                ON CONFLICT (tenant_id, key_hash) DO UPDATE
                SET body_hash = excluded.body_hash,
                    run_id = excluded.run_id,
                    with_representation = excluded.with_representation,
                    created_date_time = excluded.created_date_time
                WHERE kept_requests.created_date_time <= {expired}
                """,
                cancellationToken
            ) == 1;
    }

    private static async Task<Result<IdempotentOutcome>?> FindFirstAsync(
        UpdateTransaction transaction,
        TenantId tenantId,
        IdempotencyKey key,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var (keyHash, expired) = (IdempotencyRecord.HashOf(key.Value), now - IdempotencyKey.TimeToLive);
        var first = await transaction.Context.IdempotencyRecords.SingleOrDefaultAsync(
            r => r.TenantId == tenantId && r.KeyHash == keyHash && r.CreatedDateTime > expired,
            cancellationToken
        );
        return first is null ? null
            : first.RequestFingerprint.AsSpan().SequenceEqual(key.RequestFingerprint.Span)
                ? new IdempotentOutcome(first.ResourceId, first.ReturnRepresentation)
            : RunErrors.IdempotencyKeyReused();
    }

    // The activity may be new in the same transaction.
    private static async Task<Result<RunActivity>> FindActivityAsync(
        IndustryDataContext context,
        TenantId tenantId,
        RunId runId,
        ActivityId id,
        CancellationToken cancellationToken
    ) =>
        context
            .ChangeTracker.Entries<RunActivity>()
            .FirstOrDefault(e => e.Entity.TenantId == tenantId && e.Entity.RunId == runId && e.Entity.Id == id)
            ?.Entity.Snapshot()
        ?? await context.RunActivities.SingleOrDefaultAsync(
            a => a.TenantId == tenantId && a.RunId == runId && a.Id == id,
            cancellationToken
        )
        ?? (Result<RunActivity>)RunErrors.ActivityNotFound(id.ToString());

    private static async Task<Result<RunId>> StartAsync(
        UpdateTransaction transaction,
        Run run,
        IdempotencyKey? key,
        int limit,
        TimeSpan window,
        CancellationToken cancellationToken
    )
    {
        var context = transaction.Context;

        // Starts of one tenant run one after the other, so that the limit holds across all instances of the service.
        await context.Database.ExecuteSqlAsync(
            $"SELECT pg_advisory_xact_lock(hashtextextended({run.TenantId.Value.ToString()}, 0))",
            cancellationToken
        );
        if (
            key is not null
            && await FindFirstAsync(transaction, run.TenantId, key, run.CreatedDateTime, cancellationToken) is { } found
        )
        {
            return found.TryGetValue(out var first, out var error) ? first.RunId : error;
        }

        var since = run.CreatedDateTime - window;
        var starts = await context
            .RunStarts.Where(s => s.TenantId == run.TenantId && s.StartedDateTime > since)
            .OrderByDescending(s => s.StartedDateTime)
            .Select(s => s.StartedDateTime)
            .Take(limit)
            .ToListAsync(cancellationToken);
        if (starts.Count >= limit)
        {
            return RunErrors.StartRateLimitExceeded(limit, window, starts.Count == 0 ? window : starts[^1] - since);
        }

        if (
            key is not null
            && !await IsFirstAsync(transaction, run.TenantId, run.Id.Value, key, run.CreatedDateTime, cancellationToken)
        )
        {
            // A report used the same key. Reports do not wait for the lock of the starts.
            return RunErrors.IdempotencyKeyReused();
        }

        await context
            .RunStarts.Where(s => s.TenantId == run.TenantId && s.StartedDateTime <= since)
            .ExecuteDeleteAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO run_starts (tenant_id, started_date_time, run_id)
            VALUES ({run.TenantId.Value}, {run.CreatedDateTime}, {run.Id.Value})
            """,
            cancellationToken
        );
        transaction.Add(run);
        return run.Id;
    }

    private Task<Result<T>> UpdateAsync<T>(
        TenantId tenantId,
        RunId id,
        long size,
        Func<Run, UpdateTransaction, CancellationToken, Task<Result<T>>> decide,
        CancellationToken cancellationToken
    )
        where T : notnull
    {
        var key = new RunKey(tenantId, id);
        return CommitAsync(
            tenantId,
            key,
            size,
            async (transaction, cancellation) =>
                transaction.Find(key) is { } run
                    ? await decide(run, transaction, cancellation)
                    : RunErrors.NotFound(id.ToString()),
            cancellationToken
        );
    }

    private Task<T> CommitAsync<T>(
        TenantId tenantId,
        RunKey? locks,
        long size,
        Func<UpdateTransaction, CancellationToken, Task<T>> decide,
        CancellationToken cancellationToken,
        string lockName = ""
    ) =>
        queue.ChangeAsync(
            new PendingUpdate<T>(tenantId, locks, size, decide, cancellationToken) { LockName = lockName }
        );
}
