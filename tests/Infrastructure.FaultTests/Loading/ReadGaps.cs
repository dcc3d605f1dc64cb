using System.Diagnostics;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>Reads lists from several instances continuously, and measures the longest time without a success.</summary>
internal sealed class ReadGaps : IAsyncDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Task _work;

    private ReadGaps(Caller[] callers) =>
        _work = Task.WhenAll(callers.Select(caller => Task.Run(() => ReadAsync(caller))));

    /// <summary>The number of successful reads.</summary>
    public int Succeeded { get; private set; }

    /// <summary>The number of other reads.</summary>
    public int Failed { get; private set; }

    /// <summary>The longest time from one success of a caller to its next one.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Starts one reader for each caller.</summary>
    public static ReadGaps Start(params Caller[] callers) => new(callers);

    /// <summary>Waits for this number of further reads, which takes at least 5 ms for each of them.</summary>
    public Task WaitForMoreAsync(int reads)
    {
        var target = Succeeded + reads;
        return Poll.UntilAsync(() => Succeeded >= target, TimeSpan.FromSeconds(60), "the reads stopped");
    }

    /// <summary>Ends the reads.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _work;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task ReadAsync(Caller caller)
    {
        var last = Stopwatch.GetTimestamp();
        while (!_stop.IsCancellationRequested)
        {
            var answer = await caller.GetAsync("process/runs?$top=10");
            lock (_lock)
            {
                var gap = Stopwatch.GetElapsedTime(last);
                Longest = gap > Longest ? gap : Longest;
                Succeeded += answer.IsSuccess ? 1 : 0;
                Failed += answer.IsSuccess ? 0 : 1;
            }

            last = answer.IsSuccess ? Stopwatch.GetTimestamp() : last;
            await Task.Delay(_pause);
        }
    }
}
