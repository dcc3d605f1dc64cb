using System.Collections.Concurrent;
using System.Diagnostics;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>Sends the same kind of request at even intervals, and tells how long the answers took.</summary>
internal static class LatencyProbe
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Sends requests for a time. One waits for no other, so that a stalled service is not asked less often.
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

/// <summary>The answers to the requests of one caller.</summary>
internal sealed class Latencies(IReadOnlyList<ResponseDescription> answers)
{
    private readonly TimeSpan[] _sorted = [.. answers.Select(a => a.Elapsed).Order()];

    /// <summary>The time within which 99 of 100 answers came.</summary>
    public TimeSpan P99 => _sorted[(int)((_sorted.Length - 1) * 0.99)];

    /// <summary>The longest wait.</summary>
    public TimeSpan Longest => _sorted[^1];

    /// <summary>The answers that were no success.</summary>
    public IReadOnlyList<ResponseDescription> Failed { get; } = [.. answers.Where(a => !a.IsSuccess)];

    /// <summary>
    /// What one tenant's p99 may be beside the load of another: twice its own, or 100 ms, whichever is more.
    /// </summary>
    public TimeSpan MaxP99UnderLoad =>
        P99 * 2 > TimeSpan.FromMilliseconds(100) ? P99 * 2 : TimeSpan.FromMilliseconds(100);

    public override string ToString() =>
        $"{_sorted.Length} requests, p99 {P99.TotalMilliseconds:0} ms, longest {Longest.TotalMilliseconds:0} ms";
}
