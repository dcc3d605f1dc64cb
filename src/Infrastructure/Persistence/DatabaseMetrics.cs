using System.Diagnostics.Metrics;
using IndustryData.Application.Common;
using IndustryData.Infrastructure.Persistence.Standbys;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The metrics of the commits, of the database and of its maintenance. Thread-safe.</summary>
internal sealed class DatabaseMetrics : IDisposable
{
    // The default limits are for milliseconds.
    private static readonly InstrumentAdvice<double> _durations = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private static readonly InstrumentAdvice<int> _counts = new()
    {
        HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256],
    };

    private readonly Meter _meter = new(Telemetry.Name);
    private readonly Counter<long> _runsAdded;
    private readonly Histogram<double> _commitDuration;
    private readonly Histogram<int> _batchSize;
    private readonly Counter<long> _lockWaits;
    private readonly Counter<long> _outages;
    private readonly Histogram<double> _maintenanceDuration;

    public DatabaseMetrics()
    {
        _runsAdded = _meter.CreateCounter<long>("industrydata.runs.added", "{run}", "Runs that were added.");
        _commitDuration = _meter.CreateHistogram<double>(
            "industrydata.commit.duration",
            "s",
            "Duration of a commit, without the wait in the queue.",
            tags: null,
            _durations
        );
        _batchSize = _meter.CreateHistogram<int>(
            "industrydata.commit.batch_size",
            "{write}",
            "Writes in a commit.",
            tags: null,
            _counts
        );
        _lockWaits = _meter.CreateCounter<long>(
            "industrydata.commit.lock_waits",
            "{attempt}",
            "Attempts to commit that met a lock of another transaction."
        );
        _outages = _meter.CreateCounter<long>(
            "industrydata.database.outages",
            "{outage}",
            "Outages of the database by their code."
        );
        _maintenanceDuration = _meter.CreateHistogram<double>(
            "industrydata.maintenance.duration",
            "s",
            "Duration of a step of the maintenance.",
            tags: null,
            _durations
        );
    }

    /// <summary>Reports the lengths of the queue of a commit lane.</summary>
    /// <param name="lane">The name of the lane.</param>
    /// <param name="read">Returns the number of waiting writes and their bytes.</param>
    public void ObserveQueue(string lane, Func<(int Count, long Bytes)> read)
    {
        KeyValuePair<string, object?> tag = new("lane", lane);
        _meter.CreateObservableGauge(
            "industrydata.commit.queue.length",
            () => new Measurement<int>(read().Count, tag),
            "{write}",
            "Writes that wait for their commit or are being committed.",
            tags: [tag]
        );
        _meter.CreateObservableGauge(
            "industrydata.commit.queue.size",
            () => new Measurement<long>(read().Bytes, tag),
            "By",
            "Bytes of the writes that wait for their commit or are being committed.",
            tags: [tag]
        );
    }

    /// <summary>Reports the availability of the database.</summary>
    /// <param name="read">Returns whether reads work and whether writes work.</param>
    public void ObserveAvailability(Func<(bool Reads, bool Writes)> read) =>
        _meter.CreateObservableGauge(
            "industrydata.database.available",
            () =>
                (Measurement<int>[])
                    [
                        new(read().Reads ? 1 : 0, new KeyValuePair<string, object?>("for", "read")),
                        new(read().Writes ? 1 : 0, new KeyValuePair<string, object?>("for", "write")),
                    ],
            description: "1 if the database serves reads or writes, otherwise 0."
        );

    /// <summary>Reports how far delta is behind the newest changes.</summary>
    /// <param name="read">Returns the age of the oldest transaction that still writes, in seconds.</param>
    public void ObserveDeltaLag(Func<double> read) =>
        _meter.CreateObservableGauge(
            "industrydata.delta.lag",
            read,
            "s",
            "Age of the oldest transaction that still writes. Delta returns later changes after it has ended."
        );

    /// <summary>Reports the standbys that answer reads.</summary>
    public void ObserveStandbys(IReadOnlyList<Standby> standbys)
    {
        _meter.CreateObservableGauge(
            "industrydata.standby.lag",
            () =>
                standbys
                    .Where(s => s.Lag is not null)
                    .Select(s => new Measurement<double>(s.Lag!.Value.TotalSeconds, HostTag(s)))
                    .ToList(),
            "s",
            "Time by which a standby is behind the primary."
        );
        _meter.CreateObservableGauge(
            "industrydata.standby.used",
            () => standbys.Select(s => new Measurement<int>(s.IsUsable ? 1 : 0, HostTag(s))).ToList(),
            description: "1 if reads go to the server as a standby, otherwise 0."
        );

        static KeyValuePair<string, object?> HostTag(Standby standby) => new("host", standby.Name);
    }

    /// <summary>Records a commit.</summary>
    /// <param name="lane">The name of the lane.</param>
    /// <param name="writes">The number of writes.</param>
    /// <param name="runsAdded">The number of runs that were added.</param>
    /// <param name="duration">The duration.</param>
    public void RecordCommit(string lane, int writes, int runsAdded, TimeSpan duration)
    {
        KeyValuePair<string, object?> tag = new("lane", lane);
        _commitDuration.Record(duration.TotalSeconds, tag);
        _batchSize.Record(writes, tag);
        _runsAdded.Add(runsAdded);
    }

    /// <summary>Records a commit that met a lock of another transaction.</summary>
    public void RecordLockWait(string lane) => _lockWaits.Add(1, new KeyValuePair<string, object?>("lane", lane));

    /// <summary>Records the beginning of an outage.</summary>
    public void RecordOutage(string code) => _outages.Add(1, new KeyValuePair<string, object?>("code", code));

    /// <summary>Records a step of the maintenance.</summary>
    public void RecordMaintenance(string step, bool succeeded, TimeSpan duration) =>
        _maintenanceDuration.Record(
            duration.TotalSeconds,
            new KeyValuePair<string, object?>("step", step),
            new KeyValuePair<string, object?>("succeeded", succeeded)
        );

    /// <inheritdoc />
    public void Dispose() => _meter.Dispose();
}
