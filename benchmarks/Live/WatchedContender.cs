using System.Diagnostics;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Live;

/// <summary>A contender whose changes are followed by many streams.</summary>
/// <param name="name">The name in the report.</param>
/// <param name="inner">The contender. Each of its turns begins with an empty table.</param>
/// <param name="service">The service that it drives.</param>
/// <param name="streams">The number of streams.</param>
internal sealed class WatchedContender(string name, Contender inner, DeployedService service, int streams)
    : Contender(name)
{
    /// <summary>The figure for the changes that each stream told, as a fraction of those that were made.</summary>
    public const string Told = "changes told on each stream ÷ changes made";

    /// <summary>The figure for the events that only have a number of changes, per stream.</summary>
    public const string Counted = "events with a number only (many), a stream";

    /// <summary>The figure for the longest time between two events of changes, in milliseconds.</summary>
    public const string LongestGap = "longest time between two events of changes";

    private static readonly TimeSpan _maxWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(50);

    protected override async Task<Measurement> DriveAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        await using var readers = await StreamReaders.OpenAsync(
            service.Program,
            service.Token,
            streams,
            cancellationToken
        );
        var measured = await inner.MeasureAsync(warmUpSeconds, seconds, cancellationToken);
        var made = service.Database.Expected;
        var begin = Stopwatch.GetTimestamp();
        var report = await readers.ReportAsync(cancellationToken);
        while (report.LeastChanges < made && Stopwatch.GetElapsedTime(begin) < _maxWait)
        {
            await Task.Delay(_interval, cancellationToken);
            report = await readers.ReportAsync(cancellationToken);
        }

        return report.Open == streams
            ? measured with
            {
                Figures = new Dictionary<string, double>
                {
                    [Told] = (double)report.LeastChanges / made,
                    [Counted] = (double)report.Counted / streams,
                    [LongestGap] = report.LongestGap,
                },
            }
            : throw new BenchmarkException($"{Name}: of {streams} streams, {report.Open} are open at the end.");
    }
}
