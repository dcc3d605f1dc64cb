using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using IndustryData.Application.Common;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Limits the concurrent requests and the request rate of each tenant. This middleware runs after authentication and
/// before anything that reads a body. Paths that need no token are not limited.
/// </summary>
internal sealed class RequestLimiter : IDisposable
{
    private static readonly TimeSpan _sweepPeriod = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Guid, TenantLoad> _tenants = new();
    private readonly Meter _meter = new(Telemetry.Name);
    private readonly LimitOptions _limits;
    private readonly TimeSpan _idleTimeout;
    private readonly Timer _sweep;
    private readonly RefusalLog _refusals;

    public RequestLimiter(LimitOptions limits, RefusalLog refusals)
    {
        _limits = limits;
        _refusals = refusals;
        _idleTimeout = TimeSpan.FromSeconds(limits.IdleTransferSeconds);
        Budget = new MemoryBudget(limits);
        _meter.CreateObservableGauge(
            "industrydata.memory.reserved",
            () => Budget.HeldBytes,
            "By",
            "Bytes that request bodies and responses reserve."
        );
        _meter.CreateObservableGauge(
            "industrydata.tenants.active",
            () => TenantCount,
            "{tenant}",
            "Tenants that sent requests lately."
        );
        var heap = new HeapTrim(Budget);
        _sweep = new Timer(
            _ =>
            {
                Sweep();
                heap.Run();
            },
            state: null,
            _sweepPeriod,
            _sweepPeriod
        );
    }

    /// <summary>The memory budget of all tenants.</summary>
    public MemoryBudget Budget { get; }

    /// <summary>The number of tenants that are tracked because of their requests.</summary>
    public int TenantCount => _tenants.Count;

    /// <summary>Admits a request, or rejects it with 429.</summary>
    /// <param name="http">The request.</param>
    /// <param name="isInBatch">
    /// True for a request of a batch. Its batch holds the permit, and waiting for another permit could cause a
    /// deadlock.
    /// </param>
    /// <param name="next">Processes the request.</param>
    public async Task InvokeAsync(HttpContext http, bool isInBatch, RequestDelegate next)
    {
        using var admission = new Admission(Enter(http.Tenant().Value), Budget, _idleTimeout, isInBatch);
        if (!admission.TryTakeToken(out var wait))
        {
            await RefuseAsync(
                http,
                new LimitExceededException(
                    "requestRateExceeded",
                    $"Your tenant sends more than {_limits.RequestsPerSecond} requests per second; send fewer.",
                    wait
                )
            );
            return;
        }

        if (!isInBatch && !(admission.TryBegin() || await admission.BeginAsync(http.RequestAborted)))
        {
            await RefuseAsync(http, Admission.TooManyConcurrentRequests());
            return;
        }

        http.Features.Set(admission);
        await next(http);
        if (admission.Pending is { } answer)
        {
            await answer.SendAsync(http.Response);
        }
    }

    /// <summary>Stops tracking the tenants that send no requests.</summary>
    public void Sweep()
    {
        foreach (var (id, tenant) in _tenants)
        {
            if (tenant.TryRetire())
            {
                _tenants.TryRemove(id, out _);
                tenant.Dispose();
            }
        }
    }

    public void Dispose()
    {
        _meter.Dispose();
        _sweep.Dispose();
        foreach (var tenant in _tenants.Values)
        {
            tenant.Dispose();
        }
    }

    // Throwing the exception would take longer than most requests.
    private Task RefuseAsync(HttpContext http, LimitExceededException limit)
    {
        _refusals.Write(limit.Code, limit.Message);
        return http.WriteErrorAsync(limit, GraphErrors.NothingStored);
    }

    private TenantLoad Enter(Guid id)
    {
        while (true)
        {
            var tenant = _tenants.GetOrAdd(id, static (_, limits) => new TenantLoad(limits), _limits);
            if (tenant.TryEnter())
            {
                return tenant;
            }
        }
    }
}
