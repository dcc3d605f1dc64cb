using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Limits the open streams of events, in total and per tenant, and counts their events. Safe for concurrent use.
/// </summary>
internal sealed class StreamLimit : IDisposable
{
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(10);

    private readonly Meter _meter = new(Telemetry.Name);
    private readonly ConcurrentDictionary<Guid, int> _byTenant = new();
    private readonly UpDownCounter<int> _open;
    private readonly Counter<long> _events;
    private readonly LimitOptions _limits;
    private int _streams;

    public StreamLimit(LimitOptions limits)
    {
        _limits = limits;
        _open = _meter.CreateUpDownCounter<int>(
            "industrydata.streams.open",
            "{stream}",
            "Streams of changes that are open."
        );
        _events = _meter.CreateCounter<long>(
            "industrydata.streams.events",
            "{event}",
            "Events that were sent to streams of changes, by their name."
        );
    }

    /// <summary>Registers a stream. The disposal of the result ends it.</summary>
    /// <exception cref="LimitExceededException">
    /// The tenant has the maximum number of streams. The response is 429.
    /// </exception>
    /// <exception cref="ServiceLimitException">
    /// The process has the maximum number of streams. The response is 503.
    /// </exception>
    public IDisposable Enter(TenantId tenantId)
    {
        var lease = new Lease(this, tenantId.Value);
        if (_byTenant.AddOrUpdate(tenantId.Value, 1, static (_, count) => count + 1) > _limits.StreamsPerTenant)
        {
            Leave(tenantId.Value);
            throw new LimitExceededException(
                "tooManyStreams",
                $"Your tenant has {_limits.StreamsPerTenant} open streams, which is the maximum; "
                    + "close some, or read the delta link from time to time.",
                _retryAfter
            );
        }

        if (Interlocked.Increment(ref _streams) > _limits.Streams)
        {
            Interlocked.Decrement(ref _streams);
            Leave(tenantId.Value);
            throw new ServiceLimitException(
                "streamLimitReached",
                $"The service has {_limits.Streams} open streams, which is the maximum; "
                    + "try again later, or read the delta link from time to time.",
                _retryAfter
            );
        }

        _open.Add(1);
        return lease;
    }

    /// <summary>Counts an event that was sent.</summary>
    /// <param name="name">The name of the event.</param>
    public void CountEvent(string name) => _events.Add(1, new KeyValuePair<string, object?>("event", name));

    /// <inheritdoc />
    public void Dispose() => _meter.Dispose();

    private void Leave(Guid tenantId)
    {
        if (_byTenant.AddOrUpdate(tenantId, 0, static (_, count) => count - 1) == 0)
        {
            _byTenant.TryRemove(KeyValuePair.Create(tenantId, 0));
        }
    }

    private sealed class Lease(StreamLimit limit, Guid tenantId) : IDisposable
    {
        public void Dispose()
        {
            Interlocked.Decrement(ref limit._streams);
            limit.Leave(tenantId);
            limit._open.Add(-1);
        }
    }
}
