using System.Diagnostics.Metrics;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>Counts the bytes that this process reads from PostgreSQL.</summary>
internal sealed class BytesRead : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _bytes;

    public BytesRead()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Npgsql", Name: "db.client.operation.npgsql.bytes_read" })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, bytes, _, _) => Interlocked.Add(ref _bytes, bytes));
        _listener.SetMeasurementEventCallback<int>((_, bytes, _, _) => Interlocked.Add(ref _bytes, bytes));
        _listener.Start();
    }

    /// <summary>The number of bytes since the counter was created.</summary>
    public long Total => Interlocked.Read(ref _bytes);

    public void Dispose() => _listener.Dispose();
}
