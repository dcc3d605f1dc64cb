using System.Collections.Concurrent;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Sends cancel requests to the server from a thread of its own. Npgsql sends them synchronously and waits for the server's answer, which
/// would block threads of the pool while the server does not answer. Thread-safe.
/// </summary>
internal sealed class CancelRequests : IDisposable
{
    // Beyond them queries are left to the server's statement_timeout.
    private const int MaxQueued = 1024;

    private readonly BlockingCollection<(Action Cancel, TaskCompletionSource Sent)> _queue = new(MaxQueued);

    public CancelRequests() => new Thread(Run) { IsBackground = true, Name = "PostgreSQL cancel requests" }.Start();

    /// <summary>Sends a cancel request; when too many wait, it is not sent.</summary>
    /// <param name="cancel">Sends it, synchronously.</param>
    /// <returns>Ends when the request has been sent or given up; never fails.</returns>
    public Task SendAsync(Action cancel)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            return _queue.TryAdd((cancel, sent)) ? sent.Task : Task.CompletedTask;
        }
        catch (InvalidOperationException)
        {
            // The service stops.
            return Task.CompletedTask;
        }
    }

    /// <inheritdoc />
    // The queue itself is left to the collector: the thread may still read it.
    public void Dispose() => _queue.CompleteAdding();

    private void Run()
    {
        foreach (var (cancel, sent) in _queue.GetConsumingEnumerable())
        {
            try
            {
                cancel();
            }
            catch (Exception)
            {
                // The query ends by the server's statement_timeout instead.
            }

            sent.SetResult();
        }
    }
}
