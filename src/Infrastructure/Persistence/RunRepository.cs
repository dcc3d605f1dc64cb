using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Decisions;
using IndustryData.Infrastructure.Persistence.GroupCommit;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Stores runs in PostgreSQL. Every write goes through the <see cref="CommitQueue"/> and returns when its commit is on
/// disk. A new run is an insert. Everything that depends on stored data is an update, which a decision makes inside a
/// shared transaction; it returns a snapshot taken right after its own change.
/// </summary>
internal sealed class RunRepository(CommitQueue queue) : IRunRepository
{
    public Task AddAsync(Run run, CancellationToken cancellationToken) =>
        queue.InsertAsync(new PendingInsert(run, key: null, cancellationToken));

    public async Task<Result<IdempotentOutcome>> AddIdempotentAsync(
        Run run,
        IdempotencyKey key,
        CancellationToken cancellationToken
    )
    {
        // Most keys are new. Requests with new keys share the commits of requests without keys.
        var insertion = new PendingInsert(run, key, cancellationToken);
        return await queue.InsertAsync(insertion)
            ? new IdempotentOutcome(run.Id, key.IncludesRun)
            : await UpdateAsync(
                run.TenantId,
                insertion.Size,
                LockName(key),
                (transaction, cancellation) => AddRunDecision.ApplyAsync(transaction, run, key, cancellation),
                cancellationToken
            );
    }

    public Task<Result<RunId>> StartAsync(
        Run run,
        IdempotencyKey? key,
        StartRateLimit limit,
        CancellationToken cancellationToken
    ) =>
        UpdateAsync(
            run.TenantId,
            size: 0,
            $"start {(key is null ? "" : LockName(key))}",
            (transaction, cancellation) => StartRunDecision.ApplyAsync(transaction, run, key, limit, cancellation),
            cancellationToken
        );

    public Task<Result<Run>> UpdateAsync(
        TenantId tenantId,
        RunId id,
        long size,
        Func<Run, Error?> change,
        CancellationToken cancellationToken
    ) =>
        UpdateRunAsync<Run>(
            new RunKey(tenantId, id),
            size,
            (_, run, _) => Task.FromResult<Result<Run>>(change(run) is { } error ? error : run.Snapshot()),
            cancellationToken
        );

    public Task<Result<Run>> DeleteAsync(
        TenantId tenantId,
        RunId id,
        Func<Run, Error?> precondition,
        CancellationToken cancellationToken
    ) =>
        UpdateRunAsync<Run>(
            new RunKey(tenantId, id),
            size: 0,
            async (transaction, run, cancellation) =>
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

    public Task<Result<RunActivity>> AddActivityAsync(
        TenantId tenantId,
        RunId id,
        IdempotencyKey? key,
        DateTimeOffset now,
        long size,
        Func<Run, int, Result<RunActivity>> add,
        CancellationToken cancellationToken
    ) =>
        UpdateRunAsync(
            new RunKey(tenantId, id),
            size,
            (transaction, run, cancellation) =>
                AddActivityDecision.ApplyAsync(transaction, run, key, now, add, cancellation),
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
        UpdateRunAsync(
            new RunKey(tenantId, id),
            size,
            (transaction, run, cancellation) =>
                UpdateActivityDecision.ApplyAsync(transaction, run, activityId, change, cancellation),
            cancellationToken
        );

    // The names sort in the order of the hashes. Batches of new runs insert their keys in the same order.
    private static string LockName(IdempotencyKey key) => IdempotencyRecord.HashOf(key.Value).ToString("N");

    /// <summary>Enqueues an update that depends on a stored run, which its transaction locks.</summary>
    private Task<Result<T>> UpdateRunAsync<T>(
        RunKey key,
        long size,
        Func<UpdateTransaction, Run, CancellationToken, Task<Result<T>>> decide,
        CancellationToken cancellationToken
    )
        where T : notnull =>
        queue.ChangeAsync(
            new PendingUpdate<Result<T>>(
                key.TenantId,
                key,
                size,
                async (transaction, cancellation) =>
                    transaction.Find(key) is { } run
                        ? await decide(transaction, run, cancellation)
                        : RunErrors.NotFound,
                cancellationToken
            )
        );

    /// <summary>Enqueues an update that depends on stored data other than a run.</summary>
    private Task<T> UpdateAsync<T>(
        TenantId tenantId,
        long size,
        string lockName,
        Func<UpdateTransaction, CancellationToken, Task<T>> decide,
        CancellationToken cancellationToken
    ) =>
        queue.ChangeAsync(
            new PendingUpdate<T>(tenantId, locks: null, size, decide, cancellationToken) { LockName = lockName }
        );
}
