using System.Threading.RateLimiting;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Limits how many arbitrary queries a tenant runs at the same time, so that it cannot take the connections of the
/// others. Thread-safe.
/// </summary>
internal sealed class SlowReads : IDisposable
{
    // Longer waits would only hide from the caller that it asks for too much.
    private static readonly TimeSpan _maxWait = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(2);

    // Tenants that are idle for some seconds are removed by the limiter itself.
    private readonly PartitionedRateLimiter<TenantId> _tenants;

    /// <param name="limits">How many queries of a tenant run and wait.</param>
    public SlowReads(LimitOptions limits)
    {
        var options = new ConcurrencyLimiterOptions
        {
            PermitLimit = limits.ConcurrentSlowReads,
            QueueLimit = limits.QueuedSlowReads,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        };
        _tenants = PartitionedRateLimiter.Create<TenantId, TenantId>(tenant =>
            RateLimitPartition.GetConcurrencyLimiter(tenant, _ => options)
        );
    }

    /// <summary>Waits until the tenant may run one more query. The lease ends with its disposal.</summary>
    /// <exception cref="LimitExceededException">
    /// Too many queries of the tenant wait, or this one has waited for two seconds.
    /// </exception>
    /// <exception cref="NpgsqlException">The database has stopped answering.</exception>
    public async ValueTask<RateLimitLease> AcquireAsync(
        TenantId tenantId,
        CancellationToken lost,
        CancellationToken cancellationToken
    )
    {
        var lease = _tenants.AttemptAcquire(tenantId);
        if (lease.IsAcquired)
        {
            return lease;
        }

        using var wait = CancellationTokenSource.CreateLinkedTokenSource(lost, cancellationToken);
        wait.CancelAfter(_maxWait);
        try
        {
            lease = await _tenants.AcquireAsync(tenantId, 1, wait.Token);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw lost.IsCancellationRequested ? ReadSession.DatabaseLost() : TooMany();
        }

        return lease.IsAcquired ? lease : throw TooMany();
    }

    /// <inheritdoc />
    public void Dispose() => _tenants.Dispose();

    private static LimitExceededException TooMany() =>
        new(
            "tooManySlowReads",
            "The tenant runs as many slow queries as it may at the same time. Send fewer of them at once, or narrow them, best by $filter on startDateTime.",
            _retryAfter
        );
}
