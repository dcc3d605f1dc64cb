using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers;

namespace IndustryData.Benchmarks.Measuring;

/// <summary>Measures the managed heap of another process.</summary>
internal static class ManagedHeap
{
    private const int OldestGeneration = 2;

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Makes a process collect its garbage completely, and returns the size of the objects that remain in kilobytes.
    /// </summary>
    public static async Task<double> CollectAsync(int process, CancellationToken cancellationToken)
    {
        var keywords = ClrTraceEventParser.Keywords.GC | ClrTraceEventParser.Keywords.GCHeapCollect;
        var provider = new EventPipeProvider(
            ClrTraceEventParser.ProviderName,
            EventLevel.Informational,
            (long)keywords
        );
        using var session = new DiagnosticsClient(process).StartEventPipeSession(provider, requestRundown: false);
        using var source = new EventPipeEventSource(session.EventStream);
        var (generation, size) = (0, new TaskCompletionSource<double>());
        source.Clr.GCStart += collection => generation = collection.Depth;
        source.Clr.GCHeapStats += heap =>
        {
            if (generation == OldestGeneration)
            {
                size.TrySetResult(heap.TotalPromoted / 1024.0);
            }
        };
        var reading = Task.Run(source.Process, cancellationToken);
        var result = await size.Task.WaitAsync(_timeout, cancellationToken);
        await session.StopAsync(cancellationToken);
        await reading;
        return result;
    }
}
