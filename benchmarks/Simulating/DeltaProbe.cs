using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.Live;
using IndustryData.Benchmarks.LoadGeneration;
using IndustryData.Benchmarks.Loading;

namespace IndustryData.Benchmarks.Simulating;

/// <summary>
/// Measures the time from the response to a write to the event about it on a stream of changes. A run is written to one
/// instance and followed on another, if there are several.
/// </summary>
internal sealed class DeltaProbe(WebProgram written, WebProgram followed, string token)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The delays of the runs.</summary>
    public LatencyHistogram Delays { get; } = new();

    /// <summary>Writes one run after the other until it is canceled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var writer = Client(written);
        using var reader = Client(followed);
        reader.DefaultRequestHeaders.Accept.ParseAdd("text/event-stream");
        try
        {
            await using var stream = await reader.GetStreamAsync(StreamReaders.Path, cancellationToken);
            using var lines = new StreamReader(stream);
            await lines.ReadLineAsync(cancellationToken);
            while (true)
            {
                var body = SampleRun.Of(Delays.Count, DateTimeOffset.UtcNow).Body;
                using var content = new StringContent(body, Encoding.UTF8, "application/json");
                using var response = await writer.PostAsync("/process/runs/$ref", content, CancellationToken.None);
                response.EnsureSuccessStatusCode();
                Written++;
                var (id, acknowledged) = (response.Headers.Location!.Segments[^1], Stopwatch.GetTimestamp());
                while (
                    await lines.ReadLineAsync(cancellationToken) is { } line
                    && !line.Contains(id, StringComparison.Ordinal)
                ) { }

                Delays.Add((long)Stopwatch.GetElapsedTime(acknowledged).TotalNanoseconds);
                await Task.Delay(_pause, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The slice has ended.
        }
    }

    /// <summary>The number of runs that were written.</summary>
    public long Written { get; private set; }

    private HttpClient Client(WebProgram program) =>
        new()
        {
            BaseAddress = new Uri($"http://127.0.0.1:{program.Port}"),
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
}
