using IndustryData.Application.Common;
using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence.Commits;

/// <summary>How much a commit lane takes at a time, and how much may wait for it.</summary>
/// <param name="MaxCount">The writes that may wait.</param>
/// <param name="MaxBytes">The bytes that they may occupy.</param>
/// <param name="MaxBatchCount">The writes of one commit.</param>
/// <param name="MaxBatchBytes">A commit takes no further write once it has so many bytes.</param>
internal sealed record LaneSize(int MaxCount, long MaxBytes, int MaxBatchCount, long MaxBatchBytes);

/// <summary>
/// Group commit: while one batch of writes is flushed to disk, others queue up, and all of them share the next commit.
/// A lone write is committed at once, because nothing here waits for a time or for a number of writes.
/// </summary>
/// <param name="size">Bounds of the queue and of a batch.</param>
/// <param name="firstShard">The shard of the counters to begin with; it moves on by two when it meets a lock.</param>
/// <param name="commit">Commits a batch in one transaction.</param>
/// <param name="resources">What lanes share.</param>
internal sealed class CommitLane<TWrite>(LaneSize size, short firstShard, Func<CommitAttempt<TWrite>, Task> commit, CommitResources resources)
    where TWrite : PendingWrite
{
    private const int MaxAttempts = 3;

    // A tenant whose writes meet locks is tried by itself. After so many such tenants in a row the lock is taken for
    // one of the whole table.
    private const int MaxLockedTenantsInRow = 2;

    private static readonly TimeSpan _maxLockWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _lockPollInterval = TimeSpan.FromMilliseconds(10);

    private readonly FairQueue<TWrite> _queue = new(size.MaxCount, size.MaxBytes, resources.Limits.WriteQueueSharePercent);
    private readonly TimeProvider _clock = resources.Clock;
    private int _shard = firstShard;

    /// <summary>Queues a write. It completes when its commit is on disk.</summary>
    /// <exception cref="QueueFullException">Too many writes wait; nothing was stored.</exception>
    /// <exception cref="LimitExceededException">Too many writes of the tenant wait; nothing was stored.</exception>
    public void Add(TWrite write)
    {
        write.Queued = _clock.GetTimestamp();
        _queue.Add(write);
    }

    /// <summary>Takes no more writes in; <see cref="RunAsync"/> ends when those that wait are committed.</summary>
    public void Complete() => _queue.Complete();

    /// <summary>Commits until the lane is complete.</summary>
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

            // The queue is complete, but writes that met locks may come back to it.
            await Task.Delay(_lockPollInterval, _clock);
        }
    }

    /// <summary>Takes out the writes that are not to be committed any more, and gives them their answer.</summary>
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
            // They were queued while their tenant waited for a lock, and could hold up the others.
            foreach (var tenant in writes.Where(w => w.IsSuspect).GroupBy(w => w.TenantId))
            {
                SetAside([.. tenant]);
            }

            writes = writes.FindAll(w => !w.IsSuspect);
        }

        if (writes.Count > 0 && await TryCommitAsync(writes) is { } failure)
        {
            await (CommitFailures.IsLockTimeout(failure) ? CommitByTenantAsync(writes) : ResolveAsync(writes, failure, CommitAsync));
        }
    }

    /// <summary>
    /// Commits the writes of each tenant by themselves, and sets those aside that meet a lock, so that the others are
    /// not held up.
    /// </summary>
    private async Task CommitByTenantAsync(List<TWrite> writes)
    {
        if (IsOfOneTenant(writes))
        {
            SetAside(writes);
            return;
        }

        var locked = 0;
        foreach (var tenant in writes.GroupBy(w => w.TenantId).Select(g => g.ToList()).ToList())
        {
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

    /// <summary>Commits writes of one tenant apart from the lane, which goes on with the other tenants.</summary>
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

        // It is known which writes need the lock: the tenant's others wait no longer.
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

    /// <summary>Commits writes of one tenant, and finds those that need a lock of another transaction.</summary>
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
                Fail(write, new NotCommittedException(new TimeoutException("Another transaction keeps a lock that the write needs.")));
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
    /// Why the batch was rolled back, when something can be done about it; null when each write has its answer or waits
    /// for its run.
    /// </returns>
    private async Task<Exception?> TryCommitAsync(List<TWrite> writes)
    {
        for (var number = 1; ; number++)
        {
            var attempt = new CommitAttempt<TWrite>(writes, (short)_shard);
            var lost = resources.Availability.Lost;
            Task? work = null;
            try
            {
                work = commit(attempt);
                await (work.IsCompleted ? work : work.WaitAsync(resources.CommitTimeout, _clock, lost));
                resources.Availability.NoteCommit(isConfirmed: true);
                Succeed(attempt);
                return null;
            }
            catch (Exception exception) when (work is { IsCompleted: false })
            {
                // The work goes on by itself and keeps its connection until the server answers. Npgsql would send a
                // cancel request first and wait for that.
                resources.Availability.NoteCommit(isConfirmed: false);
                _ = work.ContinueWith(late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                var cause = lost.IsCancellationRequested ? new DatabaseLostException() : exception;
                FailAll(writes, attempt.GiveUp() ? new NotCommittedException(cause) : new CommitOutcomeUnknownException("The commit was not confirmed in time.", cause));
                return null;
            }
            catch (Exception exception)
            {
                var isRolledBack = CommitFailures.IsRolledBack(exception);
                if (isRolledBack && CommitFailures.IsLockTimeout(exception))
                {
                    // It may be a counter that another instance or lane has locked: another shard is free.
                    _shard = (_shard + 2) % RunCountDeltas.Shards;
                    return exception;
                }

                if ((isRolledBack && CommitFailures.IsCausedByContent(exception)) || exception is DecisionFailedException)
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

    private static Exception Explain(Exception exception, bool isNotCommitted) => exception switch
    {
        CommitOutcomeUnknownException => exception,
        _ when isNotCommitted => new NotCommittedException(exception),
        _ => new CommitOutcomeUnknownException("The connection was lost before the commit was confirmed.", exception),
    };

    /// <summary>Goes on after a failure that concerns only a part of the batch.</summary>
    private async Task ResolveAsync(List<TWrite> writes, Exception failure, Func<List<TWrite>, Task> next)
    {
        if (failure is DecisionFailedException { Change: var change, InnerException: { } cause } && change is TWrite undecided)
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
        foreach (var write in attempt.Writes)
        {
            if (attempt.Blocked.Count > 0 && attempt.Blocked.Contains(write))
            {
                _ = WaitForRunAsync(write);
            }
            else
            {
                _queue.Leave(write);
                write.Succeed();
            }
        }
    }

    /// <summary>
    /// Queues a write again whose run another transaction keeps locked, until it has waited too long.
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
        write.Fail(exception);
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
