using System.Collections.Concurrent;
using System.Diagnostics;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>Requests <c>/health/ready</c> and <c>/health/live</c> ten times a second.</summary>
internal sealed class HealthProbe : IAsyncDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(100);

    private readonly Caller _caller;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<ResponseDescription> _ready = new();
    private readonly ConcurrentQueue<ResponseDescription> _live = new();
    private readonly Task _work;

    private HealthProbe(Uri root)
    {
        _caller = new Caller(root, Caller.TenantB, TimeSpan.FromSeconds(10));
        _work = Task.WhenAll(AskAsync("health/ready", _ready), AskAsync("health/live", _live));
    }

    /// <summary>The responses of <c>/health/ready</c>.</summary>
    public IReadOnlyCollection<ResponseDescription> Ready => _ready;

    /// <summary>The responses of <c>/health/live</c>.</summary>
    public IReadOnlyCollection<ResponseDescription> Live => _live;

    public static HealthProbe Start(Uri root) => new(root);

    /// <summary>
    /// Returns the time from a timestamp until the first response of <c>/health/ready</c> with this status; null if
    /// there is none.
    /// </summary>
    /// <param name="timestamp">The start, as a timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="status">The status.</param>
    public TimeSpan? FirstReady(long timestamp, int status) =>
        _ready.FirstOrDefault(a => a.SentAt >= timestamp && a.Status == status) is { } first
            ? Stopwatch.GetElapsedTime(timestamp, first.AnsweredAt)
            : null;

    /// <summary>Waits until <c>/health/ready</c> returns this status for a request sent after a timestamp.</summary>
    /// <returns>The time from the timestamp until the response; null if the timeout elapsed.</returns>
    public async Task<TimeSpan?> WaitForReadyAsync(long timestamp, int status, TimeSpan timeout)
    {
        while (FirstReady(timestamp, status) is null && Stopwatch.GetElapsedTime(timestamp) < timeout)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        return FirstReady(timestamp, status);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        _caller.Dispose();
        _stop.Dispose();
    }

    private async Task AskAsync(string path, ConcurrentQueue<ResponseDescription> answers)
    {
        while (!_stop.IsCancellationRequested)
        {
            answers.Enqueue(await _caller.GetAsync(path));
            await Task.Delay(_interval, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
