using System.Diagnostics;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.LoadGeneration;
using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Pages;

/// <summary>
/// A page of the dashboard, which one reader requests again and again. The time of a request ends with the last
/// compressed byte. Each page is read and checked after that.
/// </summary>
/// <param name="name">The name in the report.</param>
/// <param name="service">The service.</param>
/// <param name="postgres">The PostgreSQL server whose processor time is measured.</param>
/// <param name="path">The path of the page.</param>
/// <param name="text">A text that the page contains.</param>
/// <param name="times">The minimum number of occurrences of the text.</param>
internal sealed class PageContender(
    string name,
    DeployedService service,
    PrivatePostgres postgres,
    string path,
    string text,
    int times
) : Contender(name)
{
    /// <summary>The figure for the size of the compressed page in kilobytes.</summary>
    public const string Kilobytes = "compressed KB";

    /// <summary>The figure for the number of pages with a part that the service could not read in time.</summary>
    public const string Incomplete = "pages with a part not read in time";

    // The text that a page shows in place of such a part.
    private const string NotRead = "could not be read in time";

    // A slow page is requested a few times, however short the measurement is.
    private const int LeastRequests = 3;

    protected override async Task<Measurement> DriveAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        using var client = new PageClient(service);
        await RequestAsync(client, warmUpSeconds, cancellationToken);
        var watch = UsageWatch.Begin([service.Program.ProcessId], postgres.ProcessId, System.Environment.ProcessId);
        var (latencies, bytes, incomplete) = await RequestAsync(client, seconds, cancellationToken);
        return new Measurement(
            1000 / latencies.Mean,
            latencies.Percentile(0.5),
            latencies.Percentile(0.95),
            latencies.Percentile(0.99),
            await watch.EndAsync()
        )
        {
            Figures = new Dictionary<string, double> { [Kilobytes] = bytes / 1024.0, [Incomplete] = incomplete },
        };
    }

    private async Task<(LatencyHistogram Latencies, int Bytes, int Incomplete)> RequestAsync(
        PageClient client,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        var (latencies, bytes, incomplete) = (new LatencyHistogram(), 0, 0);
        var begin = Stopwatch.GetTimestamp();
        while (latencies.Count < LeastRequests || Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
        {
            var sent = Stopwatch.GetTimestamp();
            var page = await client.GetAsync(path, cancellationToken);
            latencies.Add((long)Stopwatch.GetElapsedTime(sent).TotalNanoseconds);
            bytes = page.Bytes.Length;
            var html = page.Text;
            incomplete += html.Contains(NotRead, StringComparison.Ordinal) ? 1 : 0;
            if (html.AsSpan().Count(text) < times)
            {
                throw new BenchmarkException($"{path} has '{text}' less than {times} times: {html}");
            }
        }

        return (latencies, bytes, incomplete);
    }
}
