using System.Threading.Channels;
using Serilog.Core;
using Serilog.Debugging;
using Serilog.Events;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Writes events on a thread of its own, in the order in which they come. If the queue is full, callers wait.
/// Thread-safe.
/// </summary>
/// <remarks>
/// The thread pauses after each round, in which it writes all events that wait. Waking it for each event would take
/// longer than writing the event.
/// </remarks>
internal sealed class AuditQueue : ILogEventSink, IDisposable
{
    /// <summary>The number of events that may wait.</summary>
    public const int Capacity = 10_000;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    private readonly Channel<LogEvent> _events = Channel.CreateBounded<LogEvent>(
        // Only waits that block a thread continue. They must not need a thread of the pool, because all of its threads
        // may be blocked by a full queue.
        new BoundedChannelOptions(Capacity) { SingleReader = true, AllowSynchronousContinuations = true }
    );

    private readonly ILogEventSink _sink;
    private readonly Action _completeRound;
    private readonly Thread _thread;

    /// <summary>Starts the thread.</summary>
    /// <param name="sink">Writes the events. The queue disposes it.</param>
    /// <param name="completeRound">Called after the events of a round.</param>
    public AuditQueue(ILogEventSink sink, Action completeRound)
    {
        (_sink, _completeRound) = (sink, completeRound);
        _thread = new Thread(Run) { IsBackground = true, Name = "audit log" };
        _thread.Start();
    }

    /// <inheritdoc />
    public void Emit(LogEvent logEvent)
    {
        while (!_events.Writer.TryWrite(logEvent))
        {
            if (!_events.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult())
            {
                SelfLog.WriteLine("The audit log has lost an event, because the service has stopped.");
                return;
            }
        }
    }

    /// <summary>Writes the events that wait, and closes the sink.</summary>
    public void Dispose()
    {
        _events.Writer.TryComplete();
        _thread.Join();
        (_sink as IDisposable)?.Dispose();
    }

    private void Run()
    {
        while (_events.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_events.Reader.TryRead(out var logEvent))
            {
                Write(logEvent);
            }

            CompleteRound();

            // The events that come meanwhile are written in the next round.
            Thread.Sleep(_pause);
        }
    }

    private void Write(LogEvent logEvent)
    {
        try
        {
            _sink.Emit(logEvent);
        }
        catch (Exception exception)
        {
            // The next event may be written again.
            SelfLog.WriteLine("The audit log has lost an event, or those of 10 ms: {0}", exception);
        }
    }

    private void CompleteRound()
    {
        try
        {
            _completeRound();
        }
        catch (Exception exception)
        {
            SelfLog.WriteLine("The audit log has lost the events of 10 ms: {0}", exception);
        }
    }
}
