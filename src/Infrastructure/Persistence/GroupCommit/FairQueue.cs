using System.Threading.Tasks.Sources;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>
/// The queue of a commit lane. The number and the bytes of its writes are limited, in total and per tenant. Writes are
/// taken from the tenants in turn. Any thread may add writes; only one thread may take them.
/// </summary>
internal sealed class FairQueue<TWrite>(int maxCount, long maxBytes, int tenantSharePercent) : IValueTaskSource
    where TWrite : PendingWrite
{
    // While other tenants wait too, a tenant's turn ends after this number of writes or bytes.
    private const int QuantumCount = 8;
    private const long QuantumBytes = 32 * 1024;

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<TenantId, TenantWrites> _tenants = [];
    private readonly Queue<TenantWrites> _turns = new();

    // Continuations run on the thread that adds the write. A single request thus starts its commit on its own thread
    // instead of waking another one.
    private ManualResetValueTaskSourceCore<bool> _signal;
    private bool _isTakerWaiting;
    private bool _isCompleted;
    private int _count;
    private long _bytes;

    /// <summary>True if every write that was added is complete.</summary>
    public bool IsEmpty => Length.Count == 0;

    /// <summary>The number of writes that were added and are not complete, and their bytes.</summary>
    public (int Count, long Bytes) Length
    {
        get
        {
            lock (_lock)
            {
                return (_count, _bytes);
            }
        }
    }

    /// <summary>Adds a write at the end of its tenant's queue.</summary>
    /// <exception cref="QueueFullException">
    /// The queue is full or accepts no more writes. Nothing was stored.
    /// </exception>
    /// <exception cref="LimitExceededException">The tenant has used up its share of the queue.</exception>
    public void Add(TWrite write)
    {
        bool wakes;
        lock (_lock)
        {
            if (_isCompleted || _count >= maxCount || (_count > 0 && _bytes + write.Size > maxBytes))
            {
                throw new QueueFullException();
            }

            var tenant = _tenants.GetValueOrDefault(write.TenantId);
            if (tenant is not null && Exceeds(tenant, write.Size))
            {
                throw new LimitExceededException(
                    "writeQueueShareExceeded",
                    "Too many of your writes are waiting for the database; send fewer at a time.",
                    _retryAfter
                );
            }

            if (tenant is null)
            {
                tenant = new TenantWrites();
                _tenants.Add(write.TenantId, tenant);
            }

            write.IsSuspect = tenant.LockWaits > 0;
            write.LockWaitStarted = tenant.LockWaits > 0 ? write.Queued : 0;
            Enter(tenant, write);
            tenant.Waiting.Enqueue(write);
            wakes = GiveTurn(tenant);
        }

        Wake(wakes);
    }

    /// <summary>Adds a write that was taken before. The write was still counted in the meantime.</summary>
    public void AddAgain(TWrite write)
    {
        bool wakes;
        lock (_lock)
        {
            var tenant = _tenants[write.TenantId];
            write.IsSuspect = tenant.LockWaits > 0;
            tenant.Waiting.Enqueue(write);
            wakes = GiveTurn(tenant);
        }

        Wake(wakes);
    }

    /// <summary>Removes a taken write from the counts after its completion.</summary>
    public void Leave(TWrite write)
    {
        lock (_lock)
        {
            var tenant = _tenants[write.TenantId];
            _count--;
            _bytes -= write.Size;
            tenant.Count--;
            tenant.Bytes -= write.Size;
            RemoveIfUnused(write.TenantId, tenant);
        }
    }

    /// <summary>
    /// Gives the tenant no turns until <see cref="Resume"/>, because some of its writes wait for a lock and are
    /// committed outside the lane. Until <see cref="EndLockWait"/> all of the tenant's writes are suspect.
    /// </summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="now">The current timestamp, at which the waiting writes start to wait for the lock.</param>
    public void Suspend(TenantId tenantId, long now)
    {
        lock (_lock)
        {
            var tenant = _tenants[tenantId];
            tenant.Suspensions++;
            tenant.LockWaits++;
            foreach (var write in tenant.Waiting)
            {
                write.IsSuspect = true;
                write.LockWaitStarted = write.LockWaitStarted == 0 ? now : write.LockWaitStarted;
            }
        }
    }

    /// <summary>Gives the tenant turns again while some of its writes still wait for a lock.</summary>
    public void Resume(TenantId tenantId)
    {
        bool wakes;
        lock (_lock)
        {
            var tenant = _tenants[tenantId];
            tenant.Suspensions--;
            wakes = tenant.Waiting.Count > 0 && GiveTurn(tenant);
        }

        Wake(wakes);
    }

    /// <summary>
    /// Ends a lock wait of the tenant, because the writes that needed the lock are complete. After the last lock wait
    /// the tenant's writes are no longer suspect.
    /// </summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="resumes">
    /// True to give the tenant turns again, too. Both changes are atomic. Otherwise the tenant's waiting writes would
    /// be taken while they are still suspect, and would suspend the tenant again without a lock.
    /// </param>
    public void EndLockWait(TenantId tenantId, bool resumes)
    {
        var wakes = false;
        lock (_lock)
        {
            var tenant = _tenants[tenantId];
            tenant.LockWaits--;
            if (tenant.LockWaits == 0)
            {
                foreach (var write in tenant.Waiting)
                {
                    write.IsSuspect = false;
                    write.LockWaitStarted = 0;
                }
            }

            if (resumes)
            {
                tenant.Suspensions--;
                wakes = tenant.Waiting.Count > 0 && GiveTurn(tenant);
            }

            RemoveIfUnused(tenantId, tenant);
        }

        Wake(wakes);
    }

    /// <summary>Stops accepting writes. The waiting writes can still be taken.</summary>
    public void Complete()
    {
        bool wakes;
        lock (_lock)
        {
            _isCompleted = true;
            wakes = _isTakerWaiting;
            _isTakerWaiting = false;
        }

        Wake(wakes);
    }

    /// <summary>Waits until a tenant has a turn.</summary>
    /// <returns>Returns false if the queue is completed and no tenant has a turn; otherwise true.</returns>
    public async ValueTask<bool> WaitAsync()
    {
        lock (_lock)
        {
            if (_turns.Count > 0 || _isCompleted)
            {
                return _turns.Count > 0;
            }

            _signal.Reset();
            _isTakerWaiting = true;
        }

        await new ValueTask(this, _signal.Version);
        lock (_lock)
        {
            return _turns.Count > 0;
        }
    }

    /// <summary>Takes the next writes from the tenants in turn.</summary>
    /// <param name="batch">Receives the writes.</param>
    /// <param name="maxBatchCount">The maximum number of writes.</param>
    /// <param name="maxBatchBytes">No further write is taken once the batch has this number of bytes.</param>
    public void Take(List<TWrite> batch, int maxBatchCount, long maxBatchBytes)
    {
        lock (_lock)
        {
            for (
                long bytes = 0;
                batch.Count < maxBatchCount && bytes < maxBatchBytes && _turns.TryDequeue(out var tenant);

            )
            {
                tenant.HasTurn = false;
                if (tenant.IsSuspended)
                {
                    continue;
                }

                var (isAlone, turnCount, turnBytes) = (_turns.Count == 0, 0, 0L);
                while (
                    batch.Count < maxBatchCount
                    && bytes < maxBatchBytes
                    && (isAlone || (turnCount < QuantumCount && turnBytes < QuantumBytes))
                    && tenant.Waiting.TryDequeue(out var write)
                )
                {
                    batch.Add(write);
                    bytes += write.Size;
                    turnBytes += write.Size;
                    turnCount++;
                }

                if (tenant.Waiting.Count > 0)
                {
                    tenant.HasTurn = true;
                    _turns.Enqueue(tenant);
                }
            }
        }
    }

    void IValueTaskSource.GetResult(short token) => _signal.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _signal.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _signal.OnCompleted(continuation, state, token, flags);

    private bool Exceeds(TenantWrites tenant, long size) =>
        (tenant.Count + 1L) * 100 > (long)maxCount * tenantSharePercent
        || (tenant.Bytes + size) * 100 > maxBytes * tenantSharePercent;

    private void RemoveIfUnused(TenantId id, TenantWrites tenant)
    {
        if (tenant is { Count: 0, LockWaits: 0 })
        {
            _tenants.Remove(id);
        }
    }

    private void Enter(TenantWrites tenant, TWrite write)
    {
        _count++;
        _bytes += write.Size;
        tenant.Count++;
        tenant.Bytes += write.Size;
    }

    /// <returns>Returns true if the taker has to be woken.</returns>
    private bool GiveTurn(TenantWrites tenant)
    {
        if (tenant.HasTurn || tenant.IsSuspended)
        {
            return false;
        }

        tenant.HasTurn = true;
        _turns.Enqueue(tenant);
        var wakes = _isTakerWaiting;
        _isTakerWaiting = false;
        return wakes;
    }

    private void Wake(bool wakes)
    {
        if (wakes)
        {
            _signal.SetResult(true);
        }
    }

    private sealed class TenantWrites
    {
        public Queue<TWrite> Waiting { get; } = new();

        /// <summary>The number of writes that wait or are being committed.</summary>
        public int Count { get; set; }

        public long Bytes { get; set; }

        public bool HasTurn { get; set; }

        /// <summary>
        /// The number of the tenant's batches that are committed outside the lane and still block its turns.
        /// </summary>
        public int Suspensions { get; set; }

        public bool IsSuspended => Suspensions > 0;

        /// <summary>
        /// The number of the tenant's batches that are committed outside the lane and have incomplete writes.
        /// </summary>
        public int LockWaits { get; set; }
    }
}

/// <summary>The exception that is thrown when too many writes wait to be committed.</summary>
internal sealed class QueueFullException() : Exception("The queue of writes is full.");
