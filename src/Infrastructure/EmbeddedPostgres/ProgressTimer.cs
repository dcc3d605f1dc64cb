namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>A timer that reports the progress of a long step every 10 seconds, until it is disposed.</summary>
internal sealed class ProgressTimer : IAsyncDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(10);

    private readonly PeriodicTimer _timer = new(_interval, TimeProvider.System);
    private readonly Task _reports;

    public ProgressTimer(Func<Task> report) => _reports = RunAsync(report);

    /// <summary>Stops the timer, and waits for a report that is in progress.</summary>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _reports;
    }

    private async Task RunAsync(Func<Task> report)
    {
        while (await _timer.WaitForNextTickAsync())
        {
            await report();
        }
    }
}
