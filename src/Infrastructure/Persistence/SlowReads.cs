using System.Threading.RateLimiting;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Limits the number of arbitrary queries that a tenant runs at the same time, so that the tenant cannot take the
/// connections of other tenants. Thread-safe.
/// </summary>
internal sealed class SlowReads : IDisposable
{
    // A longer wait would only hide from the caller that it sends too many queries.
    private static readonly TimeSpan _maxWait = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(2);

    // The limiter removes tenants that are idle for some seconds.
    private readonly PartitionedRateLimiter<TenantId> _tenants;

    /// <param name="limits">The limits for running and waiting queries of a tenant.</param>
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

    /// <summary>Waits until the tenant may run another query.</summary>
    /// <returns>The lease of the query. Its disposal allows another query.</returns>
    /// <exception cref="LimitExceededException">
    /// Too many queries of the tenant are waiting, or this query has waited for two seconds.
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
            "The tenant already runs the maximum number of concurrent slow queries. Send fewer of them at the same "
                + "time, or narrow them, preferably with $filter on startDateTime.",
            _retryAfter
        );
}
