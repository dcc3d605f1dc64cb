using System.Diagnostics;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Live;

/// <summary>
/// The memory of streams on which nothing happens. Each turn has a process of the service of its own, in which a few
/// streams were open before, so that their code is loaded.
/// </summary>
/// <param name="name">The name in the report.</param>
/// <param name="service">The service.</param>
/// <param name="postgres">The PostgreSQL server whose processor time is measured.</param>
/// <param name="streams">The number of streams.</param>
internal sealed class IdleStreamsContender(string name, DeployedService service, PrivatePostgres postgres, int streams)
    : Contender(name)
{
    /// <summary>The figure for the memory of the service per stream, in kilobytes.</summary>
    public const string KilobytesAStream = "managed memory of the service, per stream, after a garbage collection";

    /// <summary>The figure for the resident memory of the service per stream, in kilobytes.</summary>
    public const string ResidentKilobytesAStream = "resident memory of the service, per stream, just after they began";

    /// <summary>The figure for the memory of the service with the streams, in megabytes.</summary>
    public const string Megabytes = "resident memory of the service with the streams";

    private const int FirstStreams = 50;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    protected override async Task<Measurement> DriveAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        await using var program = await service.StartAloneAsync(
            new Dictionary<string, string> { ["Limits__StreamsPerTenant"] = $"{streams}" },
            cancellationToken
        );
        await using (await StreamReaders.OpenAsync(program, service.Token, FirstStreams, cancellationToken))
        {
            await Task.Delay(_pause, cancellationToken);
        }

        await Task.Delay(_pause, cancellationToken);
        var heapBefore = await ManagedHeap.CollectAsync(program.ProcessId, cancellationToken);
        var before = ProcessUsage.ResidentMegabytes(program.ProcessId);
        var begin = Stopwatch.GetTimestamp();
        await using var readers = await StreamReaders.OpenAsync(program, service.Token, streams, cancellationToken);
        var opened = Stopwatch.GetElapsedTime(begin);
        var watch = UsageWatch.Begin([program.ProcessId], postgres.ProcessId, System.Environment.ProcessId);
        await Task.Delay(_pause, cancellationToken);
        var usage = await watch.EndAsync();
        var during = ProcessUsage.ResidentMegabytes(program.ProcessId);
        var heap = await ManagedHeap.CollectAsync(program.ProcessId, cancellationToken);
        var report = await readers.ReportAsync(cancellationToken);
        return report.Open == streams
            ? new Measurement(streams / opened.TotalSeconds, double.NaN, double.NaN, double.NaN, usage)
            {
                Figures = new Dictionary<string, double>
                {
                    [KilobytesAStream] = (heap - heapBefore) / streams,
                    [ResidentKilobytesAStream] = (during - before) * 1024 / streams,
                    [Megabytes] = during,
                },
            }
            : throw new BenchmarkException($"{Name}: of {streams} streams, {report.Open} are open at the end.");
    }
}
