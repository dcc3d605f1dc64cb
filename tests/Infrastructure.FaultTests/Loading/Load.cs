using System.Diagnostics;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>
/// Callers that write and read continuously. Each writer alternately adds runs with and without an idempotency key, and
/// repeats a keyed run with its key until it is acknowledged.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan _timeToFinish = TimeSpan.FromSeconds(60);

    private readonly Ledger _ledger;
    private readonly Caller _caller;
    private readonly int _statisticsBytes;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;

    private Load(Ledger ledger, Caller caller, int writers, int readers, int statisticsBytes)
    {
        _ledger = ledger;
        _caller = caller;
        _statisticsBytes = statisticsBytes;
        _work = Task.WhenAll([
            .. Enumerable.Range(0, writers).Select(_ => Task.Run(WriteAsync)),
            .. Enumerable.Range(0, readers).Select(i => Task.Run(() => ReadAsync(i))),
        ]);
    }

    /// <summary>Starts the callers.</summary>
    /// <param name="ledger">The ledger that records the responses.</param>
    /// <param name="caller">The caller that sends the requests.</param>
    /// <param name="writers">The number of writers.</param>
    /// <param name="readers">The number of readers.</param>
    /// <param name="statisticsBytes">The approximate size of the statistics of each run, in bytes.</param>
    public static Load Start(Ledger ledger, Caller caller, int writers, int readers = 0, int statisticsBytes = 0) =>
        new(ledger, caller, writers, readers, statisticsBytes);

    /// <summary>Stops sending new requests and waits up to one minute until each keyed write is acknowledged.</summary>
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

    private async Task WriteAsync()
    {
        for (var count = 0; !_stop.IsCancellationRequested; count++)
        {
            var name = _ledger.NewName();
            if (count % 2 == 0)
            {
                await SendAsync(name, null);
            }
            else
            {
                await SendUntilAcknowledgedAsync(name);
            }
        }
    }

    private async Task SendUntilAcknowledgedAsync(string name)
    {
        var key = Guid.NewGuid().ToString();
        var stopped = Stopwatch.GetTimestamp();
        while (!await SendAsync(name, key))
        {
            if (!_stop.IsCancellationRequested)
            {
                stopped = Stopwatch.GetTimestamp();
            }
            else if (Stopwatch.GetElapsedTime(stopped) > _timeToFinish)
            {
                _ledger.NoteUnfinished();
                return;
            }
        }
    }

    private async Task<bool> SendAsync(string name, string? key)
    {
        var answer = await _caller.PostRunAsync(name, key, _statisticsBytes);
        _ledger.Note(name, answer);
        if (!answer.IsSuccess)
        {
            await Task.Delay(_pause);
        }

        return answer.IsSuccess;
    }

    private async Task ReadAsync(int number)
    {
        string[] paths =
        [
            "process/runs?$top=10",
            "process/runs?$top=5&$filter=status eq 'completed' and startswith(displayName,'run 1')",
        ];
        while (!_stop.IsCancellationRequested)
        {
            var answer = await _caller.GetAsync(paths[number % paths.Length]);
            _ledger.Note(answer);
            await Task.Delay(_pause);
        }
    }
}
