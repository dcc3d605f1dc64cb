using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.LoadGeneration;
using IndustryData.Benchmarks.Loading;
using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Live;

/// <summary>
/// The time from the response to a write to the event about it on a stream. Writes come at random times, about twenty a
/// second.
/// </summary>
/// <param name="name">The name in the report.</param>
/// <param name="service">The service that runs are sent to.</param>
/// <param name="postgres">The PostgreSQL server whose processor time is measured.</param>
/// <param name="ofOtherInstance">True if another process on the same database has the stream.</param>
internal sealed partial class DelayContender(
    string name,
    DeployedService service,
    PrivatePostgres postgres,
    bool ofOtherInstance
) : Contender(name)
{
    private static readonly TimeSpan _maxPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _maxDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(20);

    private readonly Random _random = new(1);

    protected override async Task<Measurement> DriveAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        var other = ofOtherInstance
            ? await service.StartAloneAsync(ReadOnlyDictionary<string, string>.Empty, cancellationToken)
            : null;
        try
        {
            return await DriveAsync(other ?? service.Program, warmUpSeconds, seconds, cancellationToken);
        }
        finally
        {
            await (other?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private async Task<Measurement> DriveAsync(
        WebProgram watched,
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var writer = Client(service.Program);
        using var reader = Client(watched);
        reader.DefaultRequestHeaders.Accept.ParseAdd("text/event-stream");
        await using var stream = await reader.GetStreamAsync(StreamReaders.Path, cancellationToken);
        using var lines = new StreamReader(stream);
        await lines.ReadLineAsync(cancellationToken);
        var seen = new ConcurrentDictionary<string, long>();
        var reading = ReadAsync(lines, seen, end.Token);
        try
        {
            await WriteAsync(writer, warmUpSeconds, cancellationToken);
            var watch = UsageWatch.Begin([watched.ProcessId], postgres.ProcessId, System.Environment.ProcessId);
            var written = await WriteAsync(writer, seconds, cancellationToken);
            var usage = await watch.EndAsync();
            var delays = new LatencyHistogram();
            foreach (var (id, acknowledged) in written)
            {
                // The event can arrive before the response.
                var told = await SeenAsync(seen, id, cancellationToken);
                delays.Add((long)Stopwatch.GetElapsedTime(acknowledged, told).TotalNanoseconds);
            }

            await service.Database.CheckAsync(cancellationToken);
            return new Measurement(
                written.Count / seconds,
                delays.Percentile(0.5),
                delays.Percentile(0.95),
                delays.Percentile(0.99),
                usage
            );
        }
        finally
        {
            await end.CancelAsync();
            await reading;
        }
    }

    private HttpClient Client(WebProgram program) =>
        new()
        {
            BaseAddress = new Uri($"http://127.0.0.1:{program.Port}"),
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", service.Token) },
        };

    /// <summary>Sends runs for a time.</summary>
    /// <returns>Their ids, with the time at which each was acknowledged.</returns>
    private async Task<List<(string Id, long Acknowledged)>> WriteAsync(
        HttpClient client,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        var written = new List<(string, long)>();
        var begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
        {
            var body = SampleRun.Of(_random.Next(), DateTimeOffset.UtcNow).Body;
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await client.PostAsync("/process/runs/$ref", content, cancellationToken);
            var acknowledged = Stopwatch.GetTimestamp();
            response.EnsureSuccessStatusCode();
            service.Database.Expect(1);
            written.Add((response.Headers.Location!.Segments[^1], acknowledged));
            await Task.Delay(_maxPause * _random.NextDouble(), cancellationToken);
        }

        return written;
    }

    private static async Task ReadAsync(
        StreamReader lines,
        ConcurrentDictionary<string, long> seen,
        CancellationToken cancellationToken
    )
    {
        try
        {
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
            {
                var now = Stopwatch.GetTimestamp();
                foreach (Match id in Id().Matches(line))
                {
                    seen.TryAdd(id.Groups[1].Value, now);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The measurement has ended.
        }
    }

    private static async Task<long> SeenAsync(
        ConcurrentDictionary<string, long> seen,
        string id,
        CancellationToken cancellationToken
    )
    {
        var begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin) < _maxDelay)
        {
            if (seen.TryGetValue(id, out var time))
            {
                return time;
            }

            await Task.Delay(_interval, cancellationToken);
        }

        throw new BenchmarkException($"The run {id} was written, but the stream does not have it.");
    }

    [GeneratedRegex("\"id\":\"([^\"]+)\"")]
    private static partial Regex Id();
}
