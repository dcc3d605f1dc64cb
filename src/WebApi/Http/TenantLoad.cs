using System.Threading.RateLimiting;
using IndustryData.Application.Common;

namespace IndustryData.WebApi.Http;

/// <summary>
/// What one tenant occupies of this process: its token bucket, its requests in progress and its bytes. Safe for
/// concurrent use.
/// </summary>
internal sealed class TenantLoad : IDisposable
{
    private const int Retired = int.MinValue;

    // Tokens are added when they are needed, so that no timer runs for each tenant.
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

    /// <summary>Adds to the bytes that the tenant holds.</summary>
    /// <returns>The bytes that it holds now.</returns>
    public long AddBytes(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Registers a request, which keeps the object in use until <see cref="Leave"/>.</summary>
    /// <returns>False if the object is retired: look for the tenant's present one.</returns>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _users) > 0)
        {
            return true;
        }

        Interlocked.Decrement(ref _users);
        return false;
    }

    /// <summary>Ends what <see cref="TryEnter"/> began.</summary>
    public void Leave() => Interlocked.Decrement(ref _users);

    /// <summary>
    /// Retires the object if the tenant sends nothing and its bucket is full, so that a new object would behave alike.
    /// </summary>
    public bool TryRetire()
    {
        _rate.TryReplenish();
        return _rate.IdleDuration is not null && Interlocked.CompareExchange(ref _users, Retired, 0) == 0;
    }

    /// <summary>Takes a token from the bucket.</summary>
    /// <param name="retryAfter">When the bucket is empty: how long to wait for a token.</param>
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

    /// <summary>Takes a permit to process a request, if there is one and no other request waits for it.</summary>
    public RateLimitLease TryBegin() => _concurrency.AttemptAcquire();

    /// <summary>Waits for a permit to process a request, behind those that wait already.</summary>
    /// <returns>A lease that is not acquired if too many wait.</returns>
    public ValueTask<RateLimitLease> BeginAsync(CancellationToken cancellationToken) =>
        _concurrency.AcquireAsync(1, cancellationToken);

    public void Dispose()
    {
        _rate.Dispose();
        _concurrency.Dispose();
    }
}
