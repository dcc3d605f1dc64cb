using System.Collections.Concurrent;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Sends cancel requests to the server from threads of its own. Npgsql sends them synchronously and waits for the
/// server's answer, which would block threads of the pool while the server does not answer. Thread-safe.
/// </summary>
internal sealed class CancelRequests : IDisposable
{
    // Beyond them queries are left to the server's statement_timeout.
    private const int MaxQueued = 1024;

    private const int MaxThreads = 8;

    private static readonly TimeSpan _maxQueueTime = TimeSpan.FromSeconds(3);

    // A request that takes longer is stuck, and its thread is replaced.
    private static readonly TimeSpan _maxSendTime = TimeSpan.FromSeconds(5);

    private readonly BlockingCollection<Request> _queue = new(MaxQueued);
    private int _threads;

    public CancelRequests() => StartThread();

    /// <summary>
    /// Sends a cancel request. It is not sent when too many wait, when it has waited for 3 seconds, or when
    /// the database is lost.
    /// </summary>
    /// <param name="cancel">Sends it, synchronously.</param>
    /// <param name="lost">Is canceled when the database stops answering.</param>
    /// <returns>Ends when the request has been sent or given up; never fails.</returns>
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

        // However long it takes: it could hit the next query on the connection.
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
    // The queue itself is left to the collector: the threads may still read it.
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

        /// <summary>Claims the request: either a thread sends it or its sender gives it up.</summary>
        /// <returns>Whether it was not claimed before.</returns>
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
                // The query ends by the server's statement_timeout instead.
            }

            Sent.SetResult();
        }
    }
}
