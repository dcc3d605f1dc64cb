using System.Threading.RateLimiting;
using IndustryData.Application.Common;

namespace IndustryData.WebApi.Http;

/// <summary>
/// What an authenticated request occupies of its tenant's limits: a permit to be processed, and bytes for its body and
/// its answer. Everything is given back at the end of the request. Safe for concurrent use.
/// </summary>
/// <param name="tenant">The tenant's load, which the request has entered.</param>
/// <param name="budget">The memory of all tenants.</param>
/// <param name="idleTimeout">How long a caller that sends a body may send nothing.</param>
internal sealed class Admission(TenantLoad tenant, MemoryBudget budget, TimeSpan idleTimeout) : IDisposable
{
    private static readonly TimeSpan _maxWait = TimeSpan.FromSeconds(2);

    private RateLimitLease? _permit;
    private long _heldBytes;
    private long _advanceBytes;

    /// <summary>How long a caller that sends a body may send nothing.</summary>
    public TimeSpan IdleTimeout => idleTimeout;

    /// <summary>
    /// How long a caller that takes an answer may take nothing. A fifth of it while memory is scarce.
    /// </summary>
    public TimeSpan MaxStall => budget.IsScarce ? 2 * idleTimeout / 5 : 2 * idleTimeout;

    /// <summary>
    /// An answer that is complete. It is sent when the endpoint has returned, so that what it was made from is not held
    /// for as long as the caller reads. Disposed of with the admission.
    /// </summary>
    public PooledBufferWriter? Pending { get; set; }

    /// <summary>The admission of a request; null for a request that needs no token.</summary>
    public static Admission? Of(HttpContext http) => http.Features.Get<Admission>();

    /// <inheritdoc cref="TenantLoad.TryTakeToken" />
    public bool TryTakeToken(out TimeSpan retryAfter) => tenant.TryTakeToken(out retryAfter);

    /// <summary>Takes a permit to be processed, if there is one and no other request waits for it.</summary>
    public bool TryBegin()
    {
        var permit = tenant.TryBegin();
        _permit = permit.IsAcquired ? permit : null;
        return permit.IsAcquired;
    }

    /// <summary>
    /// Waits for a permit to be processed, behind the requests that wait already, for at most two seconds.
    /// </summary>
    /// <returns>False if too many requests wait, or the wait is over.</returns>
    public async ValueTask<bool> BeginAsync(CancellationToken aborted)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        wait.CancelAfter(_maxWait);
        try
        {
            var permit = await tenant.BeginAsync(wait.Token);
            _permit = permit.IsAcquired ? permit : null;
            return permit.IsAcquired;
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>
    /// Gives back the permit and what is left of the memory reserved in advance, before the request ends: from here on
    /// the request only waits for its caller.
    /// </summary>
    public void EndProcessing()
    {
        Interlocked.Exchange(ref _permit, null)?.Dispose();
        if (Interlocked.Exchange(ref _advanceBytes, 0) is not 0 and var left)
        {
            Release(left);
        }
    }

    /// <summary>Gives the permit back while the request waits for the rest of its body.</summary>
    /// <returns>True if there was a permit, which <see cref="ResumeAsync"/> has to take again.</returns>
    public bool Suspend()
    {
        var permit = Interlocked.Exchange(ref _permit, null);
        permit?.Dispose();
        return permit is not null;
    }

    /// <summary>Takes a permit again after <see cref="Suspend"/>.</summary>
    /// <exception cref="LimitExceededException">Too many requests wait, or the wait is over: 429.</exception>
    public async ValueTask ResumeAsync(CancellationToken aborted)
    {
        if (!(TryBegin() || await BeginAsync(aborted)))
        {
            throw new LimitExceededException(
                "tooManyConcurrentRequests",
                "Your tenant has as many requests in progress as it may and others that wait; send fewer at once.",
                TimeSpan.FromSeconds(1)
            );
        }
    }

    /// <summary>True if so many bytes can never be reserved.</summary>
    public bool NeverFits(long bytes) => bytes > budget.ShareBytes;

    /// <summary>
    /// Reserves memory for an answer before its length is known, so that an answer that does not fit is refused before
    /// it is made. <see cref="Reserve"/> uses this memory first. The rest is released by <see cref="EndProcessing"/>.
    /// </summary>
    /// <param name="bytes">How many bytes; a quarter of the tenant's share at most.</param>
    /// <exception cref="LimitExceededException">The tenant would hold more than its share: 429.</exception>
    /// <exception cref="ServiceLimitException">All tenants together would hold more than the total: 503.</exception>
    public void ReserveInAdvance(long bytes)
    {
        bytes = Math.Min(bytes, budget.ShareBytes / 4);
        Reserve(bytes);
        Interlocked.Add(ref _advanceBytes, bytes);
    }

    /// <inheritdoc cref="MemoryBudget.Reserve" />
    public void Reserve(long bytes, bool isRequired = false)
    {
        if (Interlocked.Read(ref _advanceBytes) > 0)
        {
            var advance = Interlocked.Exchange(ref _advanceBytes, 0);
            var used = Math.Min(advance, bytes);
            Interlocked.Add(ref _advanceBytes, advance - used);
            bytes -= used;
        }

        budget.Reserve(tenant, bytes, isRequired);
        Interlocked.Add(ref _heldBytes, bytes);
    }

    /// <summary>Gives back some of the reserved bytes before the request ends.</summary>
    public void Release(long bytes)
    {
        Interlocked.Add(ref _heldBytes, -bytes);
        budget.Release(tenant, bytes);
    }

    public void Dispose()
    {
        EndProcessing();
        Pending?.Dispose();
        if (Interlocked.Exchange(ref _heldBytes, 0) is not 0 and var left)
        {
            budget.Release(tenant, left);
        }

        tenant.Leave();
    }
}
