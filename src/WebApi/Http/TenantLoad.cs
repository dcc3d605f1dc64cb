using System.Threading.RateLimiting;
using IndustryData.Application.Common;

namespace IndustryData.WebApi.Http;

/// <summary>
/// The resources of this process that one tenant uses: its token bucket, its requests in progress and its bytes. Safe
/// for concurrent use.
/// </summary>
internal sealed class TenantLoad : IDisposable
{
    private const int Retired = int.MinValue;

    // The bucket is replenished on demand, so that no timer runs for each tenant.
    private readonly TokenBucketRateLimiter _rate;
    private readonly ConcurrencyLimiter _concurrency;
    private int _users;
    private long _bytes;

    public TenantLoad(LimitOptions limits)
    {
        _rate = new TokenBucketRateLimiter(
            new TokenBucketRateLimiterOptions
            {
                TokenLimit = limits.RequestBurst,
                TokensPerPeriod = limits.RequestsPerSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                AutoReplenishment = false,
                QueueLimit = 0,
            }
        );
        _concurrency = new ConcurrencyLimiter(
            new ConcurrencyLimiterOptions
            {
                PermitLimit = limits.ConcurrentRequests,
                QueueLimit = limits.QueuedRequests,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            }
        );
    }

    /// <summary>Adds to the number of bytes that the tenant holds.</summary>
    /// <returns>The new number of bytes.</returns>
    public long AddBytes(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Registers a request. The object is in use until <see cref="Leave"/>.</summary>
    /// <returns>
    /// Returns false if the object is retired. The caller must then look up the current object of the tenant.
    /// </returns>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _users) > 0)
        {
            return true;
        }

        Interlocked.Decrement(ref _users);
        return false;
    }

    /// <summary>Unregisters a request that <see cref="TryEnter"/> registered.</summary>
    public void Leave() => Interlocked.Decrement(ref _users);

    /// <summary>
    /// Retires the object if the tenant sends nothing and its bucket is full. A new object would then behave the same.
    /// </summary>
    /// <returns>Returns true if the object was retired.</returns>
    public bool TryRetire()
    {
        _rate.TryReplenish();
        return _rate.IdleDuration is not null && Interlocked.CompareExchange(ref _users, Retired, 0) == 0;
    }

    /// <summary>Takes a token from the bucket.</summary>
    /// <param name="retryAfter">The time to wait for a token if the bucket is empty.</param>
    /// <returns>Returns true if a token was taken.</returns>
    public bool TryTakeToken(out TimeSpan retryAfter)
    {
        retryAfter = TimeSpan.Zero;
        using var first = _rate.AttemptAcquire();
        if (first.IsAcquired)
        {
            return true;
        }

        _rate.TryReplenish();
        using var second = _rate.AttemptAcquire();
        if (second.IsAcquired)
        {
            return true;
        }

        second.TryGetMetadata(MetadataName.RetryAfter, out retryAfter);
        return false;
    }

    /// <summary>Takes a permit to process a request if one is available and no other request waits for it.</summary>
    public RateLimitLease TryBegin() => _concurrency.AttemptAcquire();

    /// <summary>Waits for a permit to process a request, behind the requests that already wait.</summary>
    /// <returns>A lease. It is not acquired if too many requests wait.</returns>
    public ValueTask<RateLimitLease> BeginAsync(CancellationToken cancellationToken) =>
        _concurrency.AcquireAsync(1, cancellationToken);

    public void Dispose()
    {
        _rate.Dispose();
        _concurrency.Dispose();
    }
}
