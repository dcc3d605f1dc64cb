using System.Collections.Concurrent;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Sends cancel requests to the server on separate threads. Npgsql sends them synchronously and waits for the answer of
/// the server. While the server does not answer, this would block threads of the thread pool. Thread-safe.
/// </summary>
internal sealed class CancelRequests : IDisposable
{
    // Further requests are not sent. The server's statement_timeout then ends their queries.
    private const int MaxQueued = 1024;

    private const int MaxThreads = 8;

    private static readonly TimeSpan _maxQueueTime = TimeSpan.FromSeconds(3);

    // A request that takes longer is stuck. Another thread is then started.
    private static readonly TimeSpan _maxSendTime = TimeSpan.FromSeconds(5);

    private readonly BlockingCollection<Request> _queue = new(MaxQueued);
    private int _threads;

    public CancelRequests() => StartThread();

    /// <summary>
    /// Sends a cancel request. The request is not sent if too many requests are waiting, if it has waited for 3
    /// seconds, or if the database has stopped answering.
    /// </summary>
    /// <param name="cancel">Sends the request synchronously.</param>
    /// <param name="lost">Is canceled when the database stops answering.</param>
    /// <returns>A task that ends when the request was sent or abandoned. It never fails.</returns>
    public async Task SendAsync(Action cancel, CancellationToken lost)
    {
        var request = new Request(cancel, lost);
        if (!TryAdd(request))
        {
            return;
        }

        if (await EndsWithinAsync(_maxQueueTime) || request.TryClaim())
        {
            return;
        }

        if (!await EndsWithinAsync(_maxSendTime))
        {
            StartThread();
        }

        // This wait has no timeout, because a late request could cancel the next query on the connection.
        await request.Sent.Task;

        async Task<bool> EndsWithinAsync(TimeSpan time)
        {
            try
            {
                await request.Sent.Task.WaitAsync(time, CancellationToken.None);
                return true;
            }
            catch (TimeoutException)
            {
                return false;
            }
        }
    }

    /// <inheritdoc />
    // The queue itself is not disposed, because the threads may still read it.
    public void Dispose() => _queue.CompleteAdding();

    private bool TryAdd(Request request)
    {
        try
        {
            return _queue.TryAdd(request);
        }
        catch (InvalidOperationException)
        {
            // The service stops.
            return false;
        }
    }

    private void StartThread()
    {
        if (Interlocked.Increment(ref _threads) <= MaxThreads)
        {
            new Thread(Run) { IsBackground = true, Name = "PostgreSQL cancel requests" }.Start();
        }
        else
        {
            Interlocked.Decrement(ref _threads);
        }
    }

    private void Run()
    {
        foreach (var request in _queue.GetConsumingEnumerable())
        {
            if (request.TryClaim())
            {
                request.Send();
            }
        }
    }

    private sealed class Request(Action cancel, CancellationToken lost)
    {
        private int _isClaimed;

        public TaskCompletionSource Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Claims the request. Either a thread claims and sends it, or its sender abandons it.</summary>
        /// <returns>True if the request was not claimed before.</returns>
        public bool TryClaim() => Interlocked.Exchange(ref _isClaimed, 1) == 0;

        public void Send()
        {
            try
            {
                if (!lost.IsCancellationRequested)
                {
                    cancel();
                }
            }
            catch (Exception)
            {
                // The server's statement_timeout ends the query instead.
            }

            Sent.SetResult();
        }
    }
}
