using System.Collections.Concurrent;
using System.Diagnostics;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>Sends requests of the same kind at regular intervals and measures the latency of the responses.</summary>
internal static class LatencyProbe
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Sends requests for a duration. No request waits for another one, so that a stalled service does not receive
    /// fewer requests.
    /// </summary>
    public static async Task<Latencies> MeasureAsync(Func<Task<ResponseDescription>> send, TimeSpan duration)
    {
        var answers = new ConcurrentQueue<ResponseDescription>();
        var sent = new List<Task>();
        var start = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(_interval);
        do
        {
            sent.Add(Task.Run(async () => answers.Enqueue(await send())));
        } while (
            Stopwatch.GetElapsedTime(start) < duration
            && await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken)
        );

        await Task.WhenAll(sent);
        return new Latencies([.. answers]);
    }
}

/// <summary>The latencies of the responses to one caller.</summary>
internal sealed class Latencies(IReadOnlyList<ResponseDescription> answers)
{
    private readonly TimeSpan[] _sorted = [.. answers.Select(a => a.Elapsed).Order()];

    /// <summary>The time within which three of four responses arrived.</summary>
    public TimeSpan P75 => _sorted[(_sorted.Length - 1) * 3 / 4];

    /// <summary>The time within which 99 of 100 responses arrived.</summary>
    public TimeSpan P99 => _sorted[(int)((_sorted.Length - 1) * 0.99)];

    /// <summary>The longest latency.</summary>
    public TimeSpan Longest => _sorted[^1];

    /// <summary>The responses that were not successful.</summary>
    public IReadOnlyList<ResponseDescription> Failed { get; } = [.. answers.Where(a => !a.IsSuccess)];

    /// <summary>
    /// The maximum p99 of this tenant during the load of another tenant: twice its own p99 or 100 ms, whichever is
    /// more.
    /// </summary>
    public TimeSpan MaxP99UnderLoad =>
        P99 * 2 > TimeSpan.FromMilliseconds(100) ? P99 * 2 : TimeSpan.FromMilliseconds(100);

    public override string ToString() =>
        $"{_sorted.Length} requests, p75 {P75.TotalMilliseconds:0} ms, p99 {P99.TotalMilliseconds:0} ms, "
        + $"longest {Longest.TotalMilliseconds:0} ms";
}
