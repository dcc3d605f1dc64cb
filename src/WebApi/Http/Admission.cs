using System.Threading.RateLimiting;
using IndustryData.Application.Common;

namespace IndustryData.WebApi.Http;

/// <summary>
/// The part of a tenant's limits that an authenticated request uses: a permit to be processed, and bytes for its body
/// and its response. It is released at the end of the request. Safe for concurrent use.
/// </summary>
/// <param name="tenant">
/// The load of the tenant. The request has been registered with <see cref="TenantLoad.TryEnter"/>.
/// </param>
/// <param name="budget">The memory budget of all tenants.</param>
/// <param name="idleTimeout">The maximum time in which a caller that sends a body may send nothing.</param>
/// <param name="isInBatch">True for a request of a batch.</param>
internal sealed class Admission(TenantLoad tenant, MemoryBudget budget, TimeSpan idleTimeout, bool isInBatch = false)
    : IDisposable
{
    private static readonly TimeSpan _maxWait = TimeSpan.FromSeconds(2);

    private RateLimitLease? _permit;
    private long _heldBytes;
    private long _advanceBytes;

    /// <summary>True for a request of a batch. Its response is sent with those of the other requests.</summary>
    public bool IsInBatch => isInBatch;

    /// <summary>The maximum time in which a caller that sends a body may send nothing.</summary>
    public TimeSpan IdleTimeout => idleTimeout;

    /// <summary>
    /// The maximum time in which a caller that receives a response may take nothing. While memory is scarce, it is a
    /// fifth of its usual value.
    /// </summary>
    public TimeSpan MaxStall => budget.IsScarce ? 2 * idleTimeout / 5 : 2 * idleTimeout;

    /// <summary>
    /// A complete response. It is sent after the endpoint has returned, so that the resources of the endpoint are not
    /// held while the caller reads. It is disposed together with the admission.
    /// </summary>
    public PooledBufferWriter? Pending { get; set; }

    /// <summary>Creates the exception for a request that gets no permit to be processed.</summary>
    public static LimitExceededException TooManyConcurrentRequests() =>
        new(
            "tooManyConcurrentRequests",
            "Your tenant has the maximum number of requests in progress, and others wait; send fewer at once.",
            TimeSpan.FromSeconds(1)
        );

    /// <summary>Returns the admission of a request; null if the request needs no token.</summary>
    public static Admission? Of(HttpContext http) => http.Features.Get<Admission>();

    /// <inheritdoc cref="TenantLoad.TryTakeToken" />
    public bool TryTakeToken(out TimeSpan retryAfter) => tenant.TryTakeToken(out retryAfter);

    /// <summary>Takes a permit to be processed if one is available and no other request waits for it.</summary>
    /// <returns>Returns true if a permit was taken.</returns>
    public bool TryBegin()
    {
        var permit = tenant.TryBegin();
        _permit = permit.IsAcquired ? permit : null;
        return permit.IsAcquired;
    }

    /// <summary>
    /// Waits at most two seconds for a permit to be processed, behind the requests that already wait.
    /// </summary>
    /// <returns>Returns false if too many requests wait or the wait times out.</returns>
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
    /// Releases the permit and the rest of the memory that was reserved in advance, before the request ends. From here
    /// on, the request only waits for its caller.
    /// </summary>
    public void EndProcessing()
    {
        Interlocked.Exchange(ref _permit, null)?.Dispose();
        if (Interlocked.Exchange(ref _advanceBytes, 0) is not 0 and var left)
        {
            Release(left);
        }
    }

    /// <summary>Releases the permit while the request waits for the rest of its body.</summary>
    /// <returns>Returns true if there was a permit. <see cref="ResumeAsync"/> must then take it again.</returns>
    public bool Suspend()
    {
        var permit = Interlocked.Exchange(ref _permit, null);
        permit?.Dispose();
        return permit is not null;
    }

    /// <summary>Takes a permit again after <see cref="Suspend"/>.</summary>
    /// <exception cref="LimitExceededException">
    /// Too many requests wait, or the wait times out. The response is 429.
    /// </exception>
    public async ValueTask ResumeAsync(CancellationToken aborted)
    {
        if (!(TryBegin() || await BeginAsync(aborted)))
        {
            throw TooManyConcurrentRequests();
        }
    }

    /// <summary>Compares a number of bytes with the share of one tenant.</summary>
    /// <returns>Returns true if the bytes can never be reserved.</returns>
    public bool NeverFits(long bytes) => bytes > budget.ShareBytes;

    /// <summary>
    /// Reserves memory for a response before its length is known. A response that does not fit is therefore rejected
    /// before it is created. <see cref="Reserve"/> uses this memory first. <see cref="EndProcessing"/> releases the
    /// rest.
    /// </summary>
    /// <param name="bytes">The number of bytes. At most a quarter of the tenant's share is reserved.</param>
    /// <exception cref="LimitExceededException">
    /// The tenant would hold more than its share. The response is 429.
    /// </exception>
    /// <exception cref="ServiceLimitException">
    /// All tenants together would hold more than the total. The response is 503.
    /// </exception>
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

    /// <summary>Releases some of the reserved bytes before the request ends.</summary>
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
