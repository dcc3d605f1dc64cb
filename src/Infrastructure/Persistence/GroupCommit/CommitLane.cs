using IndustryData.Application.Common;
using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>The limits of the queue and of the batches of a commit lane.</summary>
/// <param name="Name">The name of the lane in metrics.</param>
/// <param name="MaxCount">The maximum number of waiting writes.</param>
/// <param name="MaxBytes">The maximum number of bytes that the waiting writes occupy.</param>
/// <param name="MaxBatchCount">The maximum number of writes in one commit.</param>
/// <param name="MaxBatchBytes">A commit takes no further write once it has this number of bytes.</param>
internal sealed record LaneSize(string Name, int MaxCount, long MaxBytes, int MaxBatchCount, long MaxBatchBytes)
{
    /// <summary>True if the writes of different tenants are committed in different transactions.</summary>
    public bool SeparatesTenants { get; init; }
}

/// <summary>
/// Commits writes by group commit: while one batch is flushed to disk, other writes queue up, and all of them share the
/// next commit. A single write is committed at once, because the lane never waits for a time or for a number of writes.
/// </summary>
/// <param name="size">The limits of the queue and of a batch.</param>
/// <param name="firstShard">The initial shard of the counters. A lock timeout increases the shard by two.</param>
/// <param name="commit">Commits a batch in one transaction.</param>
/// <param name="resources">The resources that the lanes share.</param>
internal sealed class CommitLane<TWrite>(
    LaneSize size,
    short firstShard,
    Func<CommitAttempt<TWrite>, Task> commit,
    CommitResources resources
)
    where TWrite : PendingWrite
{
    private const int MaxAttempts = 3;

    // After a lock timeout the lane commits each tenant's writes separately. After this number of consecutive tenants
    // with a lock timeout, the lane assumes that the lock is on the whole table.
    private const int MaxLockedTenantsInRow = 2;

    // Callers continue on threads of the pool, so that the next commit does not wait for them. A work item for each of
    // them cost 5 % of the processor time of a write.
    private const int MaxCallersPerWorkItem = 4;

    private static readonly TimeSpan _maxLockWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _lockPollInterval = TimeSpan.FromMilliseconds(10);

    private readonly FairQueue<TWrite> _queue = new(
        size.MaxCount,
        size.MaxBytes,
        resources.Limits.WriteQueueSharePercent
    );

    private readonly TimeProvider _clock = resources.Clock;
    private int _shard = firstShard;

    /// <summary>The number of writes that wait or are being committed, and their bytes.</summary>
    public (int Count, long Bytes) Length => _queue.Length;

    /// <summary>Queues a write. The write completes when its commit is on disk.</summary>
    /// <exception cref="QueueFullException">Too many writes are waiting. Nothing was stored.</exception>
    /// <exception cref="LimitExceededException">
    /// Too many writes of the tenant are waiting. Nothing was stored.
    /// </exception>
    public void Add(TWrite write)
    {
        write.Queued = _clock.GetTimestamp();
        _queue.Add(write);
    }

    /// <summary>
    /// Stops accepting writes. <see cref="RunAsync"/> returns when the waiting writes are committed.
    /// </summary>
    public void Complete() => _queue.Complete();

    /// <summary>Commits batches until the lane is complete.</summary>
    public async Task RunAsync()
    {
        var batch = new List<TWrite>();
        while (true)
        {
            while (await _queue.WaitAsync())
            {
                _queue.Take(batch, size.MaxBatchCount, size.MaxBatchBytes);
                await CommitAsync(Eligible(batch));
                batch.Clear();
            }

            if (_queue.IsEmpty)
            {
                return;
            }

            // The queue is complete, but writes that wait for locks may return to it.
            await Task.Delay(_lockPollInterval, _clock);
        }
    }

    /// <summary>Fails the writes that must no longer be committed.</summary>
    /// <returns>The other writes.</returns>
    private List<TWrite> Eligible(List<TWrite> batch)
    {
        var eligible = new List<TWrite>(batch.Count);
        var isLost = resources.Availability.Lost.IsCancellationRequested;
        foreach (var write in batch)
        {
            if (write.IsAbandoned)
            {
                Fail(write, new OperationCanceledException());
            }
            else if (isLost)
            {
                Fail(write, new NotCommittedException(new DatabaseLostException()));
            }
            else if (_clock.GetElapsedTime(write.Queued) > resources.CommitTimeout)
            {
                Fail(write, new NotCommittedException(new TimeoutException("The write waited too long in the queue.")));
            }
            else
            {
                eligible.Add(write);
            }
        }

        return eligible;
    }

    private async Task CommitAsync(List<TWrite> writes)
    {
        if (writes.Exists(w => w.IsSuspect))
        {
            // These writes were queued while their tenant waited for a lock. They could delay the other writes.
            foreach (var tenant in writes.Where(w => w.IsSuspect).GroupBy(w => w.TenantId))
            {
                SetAside([.. tenant]);
            }

            writes = writes.FindAll(w => !w.IsSuspect);
        }

        if (size.SeparatesTenants && !IsOfOneTenant(writes))
        {
            foreach (var tenant in writes.GroupBy(w => w.TenantId).Select(g => g.ToList()).ToList())
            {
                // The commits before it may have taken long.
                await CommitAsync(Eligible(tenant));
            }
        }
        else if (writes.Count > 0 && await TryCommitAsync(writes) is { } failure)
        {
            await (
                CommitFailures.IsLockTimeout(failure)
                    ? CommitByTenantAsync(writes)
                    : ResolveAsync(writes, failure, CommitAsync)
            );
        }
    }

    /// <summary>
    /// Commits the writes of each tenant in a separate transaction. The writes of a tenant with a lock timeout are
    /// committed outside the lane, so that they do not delay the writes of the other tenants.
    /// </summary>
    private async Task CommitByTenantAsync(List<TWrite> writes)
    {
        if (IsOfOneTenant(writes))
        {
            SetAside(writes);
            return;
        }

        var locked = 0;
        foreach (var tenant in writes.GroupBy(w => w.TenantId).Select(g => Eligible([.. g])))
        {
            if (tenant.Count == 0)
            {
                continue;
            }

            if (locked == MaxLockedTenantsInRow)
            {
                SetAside(tenant);
            }
            else if (await TryCommitAsync(tenant) is not { } failure)
            {
                locked = 0;
            }
            else if (CommitFailures.IsLockTimeout(failure))
            {
                locked++;
                SetAside(tenant);
            }
            else
            {
                await ResolveAsync(tenant, failure, CommitAsync);
            }
        }
    }

    /// <summary>
    /// Commits writes of one tenant outside the lane. The lane continues with the writes of the other tenants.
    /// </summary>
    private void SetAside(List<TWrite> writes)
    {
        var tenantId = writes[0].TenantId;
        var now = _clock.GetTimestamp();
        foreach (var write in writes)
        {
            write.LockWaitStarted = write.LockWaitStarted == 0 ? now : write.LockWaitStarted;
        }

        _queue.Suspend(tenantId, now);
        _ = Task.Run(() => CommitAsideAsync(tenantId, writes));
    }

    private async Task CommitAsideAsync(TenantId tenantId, List<TWrite> writes)
    {
        var stuck = new List<TWrite>();
        await NarrowAsync(writes, stuck);
        if (stuck.Count == 0)
        {
            _queue.EndLockWait(tenantId, resumes: true);
            return;
        }

        // The writes that need the lock are identified. The tenant's other writes need not wait any longer.
        _queue.Resume(tenantId);
        while (stuck.Count > 0)
        {
            await Task.Delay(_lockPollInterval, _clock);
            var again = stuck;
            stuck = [];
            foreach (var write in again)
            {
                await NarrowAsync([write], stuck);
            }
        }

        _queue.EndLockWait(tenantId, resumes: false);
    }

    /// <summary>
    /// Commits writes of one tenant. Adds the writes that need a lock of another transaction to
    /// <paramref name="stuck"/>.
    /// </summary>
    private async Task NarrowAsync(List<TWrite> writes, List<TWrite> stuck)
    {
        Exception? failure;
        await resources.Asides.WaitAsync();
        try
        {
            writes = Eligible(writes);
            foreach (var write in writes.Where(w => _clock.GetElapsedTime(w.LockWaitStarted) > _maxLockWait).ToList())
            {
                writes.Remove(write);
                Fail(
                    write,
                    new NotCommittedException(
                        new TimeoutException("Another transaction keeps a lock that the write needs.")
                    )
                );
            }

            if (writes.Count == 0)
            {
                return;
            }

            failure = await TryCommitAsync(writes);
        }
        finally
        {
            resources.Asides.Release();
        }

        if (failure is null)
        {
            return;
        }

        if (!CommitFailures.IsLockTimeout(failure))
        {
            await ResolveAsync(writes, failure, rest => NarrowAsync(rest, stuck));
        }
        else if (writes.Count > 1)
        {
            await HalveAsync(writes, half => NarrowAsync(half, stuck));
        }
        else
        {
            stuck.Add(writes[0]);
        }
    }

    /// <summary>Tries to commit a batch, and completes its writes.</summary>
    /// <returns>
    /// The error that rolled the batch back, if the caller can resolve it; null if each write is complete or waits for
    /// its run.
    /// </returns>
    private async Task<Exception?> TryCommitAsync(List<TWrite> writes)
    {
        for (var number = 1; ; number++)
        {
            var attempt = new CommitAttempt<TWrite>(writes, (short)_shard);
            var lost = resources.Availability.Lost;
            var started = _clock.GetTimestamp();
            Task? work = null;
            try
            {
                work = commit(attempt);
                await (work.IsCompleted ? work : work.WaitAsync(resources.CommitTimeout, _clock, lost));
                resources.Availability.NoteCommit(isConfirmed: true);
                resources.Metrics.RecordCommit(
                    size.Name,
                    writes.Count,
                    attempt.RunsAdded,
                    _clock.GetElapsedTime(started)
                );
                Succeed(attempt);
                return null;
            }
            catch (Exception exception) when (work is { IsCompleted: false })
            {
                // The work continues in the background and keeps its connection until the server responds. Cancellation
                // through Npgsql would first send a cancel request and wait for the response to that.
                resources.Availability.NoteCommit(isConfirmed: false);
                _ = work.ContinueWith(
                    late => late.Exception,
                    CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted,
                    TaskScheduler.Default
                );
                var cause = lost.IsCancellationRequested ? new DatabaseLostException() : exception;
                FailAll(
                    writes,
                    attempt.GiveUp()
                        ? new NotCommittedException(cause)
                        : new CommitOutcomeUnknownException("The commit was not confirmed in time.", cause)
                );
                return null;
            }
            catch (Exception exception)
            {
                var isRolledBack = CommitFailures.IsRolledBack(exception);
                if (isRolledBack && CommitFailures.IsLockTimeout(exception))
                {
                    resources.Metrics.RecordLockWait(size.Name);

                    // Another instance or lane may have locked a counter. The counters of another shard are free.
                    _shard = (_shard + 2) % RunCountDeltas.Shards;
                    return exception;
                }

                if (
                    (isRolledBack && CommitFailures.IsCausedByContent(exception))
                    || exception is DecisionFailedException
                )
                {
                    return exception;
                }

                if (!isRolledBack || !CommitFailures.IsTransient(exception) || number == MaxAttempts)
                {
                    FailAll(writes, Explain(exception, isRolledBack || !attempt.IsCommitSent));
                    return null;
                }
            }
        }
    }

    private static Exception Explain(Exception exception, bool isNotCommitted) =>
        exception switch
        {
            CommitOutcomeUnknownException => exception,
            _ when isNotCommitted => new NotCommittedException(exception),
            _ => new CommitOutcomeUnknownException(
                "The connection was lost before the commit was confirmed.",
                exception
            ),
        };

    /// <summary>Continues after a failure that affects only a part of the batch.</summary>
    private async Task ResolveAsync(List<TWrite> writes, Exception failure, Func<List<TWrite>, Task> next)
    {
        if (
            failure is DecisionFailedException { Change: var change, InnerException: { } cause }
            && change is TWrite undecided
        )
        {
            Fail(undecided, cause);
            await next([.. writes.Where(w => w != undecided)]);
        }
        else if (writes.Count == 1)
        {
            Fail(writes[0], new NotCommittedException(failure));
        }
        else
        {
            await HalveAsync(writes, next);
        }
    }

    private static async Task HalveAsync(List<TWrite> writes, Func<List<TWrite>, Task> next)
    {
        var half = writes.Count / 2;
        await next(writes[..half]);
        await next(writes[half..]);
    }

    private void Succeed(CommitAttempt<TWrite> attempt)
    {
        if (resources.Changes.IsWatched)
        {
            Signal(attempt.Writes);
        }

        var completed = new List<TWrite>(MaxCallersPerWorkItem);
        foreach (var write in attempt.Writes)
        {
            if (attempt.Blocked.Count > 0 && attempt.Blocked.Contains(write))
            {
                _ = WaitForRunAsync(write);
                continue;
            }

            _queue.Leave(write);
            write.Position = attempt.Position;
            completed.Add(write);
            if (completed.Count == MaxCallersPerWorkItem)
            {
                Continue(completed);
                completed = new List<TWrite>(MaxCallersPerWorkItem);
            }
        }

        Continue(completed);

        static void Continue(List<TWrite> writes)
        {
            if (writes.Count > 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(
                    static w => w.ForEach(write => write.Succeed()),
                    writes,
                    preferLocal: false
                );
            }
        }
    }

    private void Signal(IReadOnlyList<TWrite> writes)
    {
        for (var i = 0; i < writes.Count; i++)
        {
            if (i == 0 || writes[i].TenantId != writes[i - 1].TenantId)
            {
                resources.Changes.Touch(writes[i].TenantId);
            }
        }
    }

    /// <summary>
    /// Queues a write again because another transaction has locked its run. Fails the write if it has waited too long.
    /// </summary>
    private async Task WaitForRunAsync(TWrite write)
    {
        write.LockWaitStarted = write.LockWaitStarted == 0 ? _clock.GetTimestamp() : write.LockWaitStarted;
        await Task.Delay(_lockPollInterval, _clock);
        if (_clock.GetElapsedTime(write.LockWaitStarted) > _maxLockWait)
        {
            Fail(write, new NotCommittedException(new TimeoutException("Another transaction keeps the run locked.")));
        }
        else
        {
            _queue.AddAgain(write);
        }
    }

    private void FailAll(List<TWrite> writes, Exception exception)
    {
        foreach (var write in writes)
        {
            Fail(write, exception);
        }
    }

    private void Fail(TWrite write, Exception exception)
    {
        _queue.Leave(write);
        ThreadPool.UnsafeQueueUserWorkItem(
            static failed => failed.write.Fail(failed.exception),
            (write, exception),
            preferLocal: false
        );
    }

    private static bool IsOfOneTenant(List<TWrite> writes)
    {
        for (var i = 1; i < writes.Count; i++)
        {
            if (writes[i].TenantId != writes[0].TenantId)
            {
                return false;
            }
        }

        return true;
    }
}
