using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Serilog.Debugging;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Writes events on a thread of its own, in the order in which they come. If the queue is full, callers wait.
/// Thread-safe.
/// </summary>
/// <remarks>
/// The thread pauses after each round, in which it writes all events that wait. Waking it for each event would take
/// longer than writing the event.
/// </remarks>
internal sealed class AuditQueue : IDisposable
{
    /// <summary>The number of events that may wait.</summary>
    public const int Capacity = 10_000;

    // As text, a portion stays below the size of large objects, which the garbage collector rarely frees.
    private const int MaxBytes = 32 * 1024;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    private readonly Channel<AuditEvent> _events = Channel.CreateBounded<AuditEvent>(
        // Only waits that block a thread continue. They must not need a thread of the pool, because all of its threads
        // may be blocked by a full queue.
        new BoundedChannelOptions(Capacity) { SingleReader = true, AllowSynchronousContinuations = true }
    );

    private readonly ArrayBufferWriter<byte> _lines = new(MaxBytes);
    private readonly Utf8JsonWriter _writer;
    private readonly IAuditOutput _output;
    private readonly Thread _thread;

    /// <summary>Starts the thread.</summary>
    /// <param name="output">Receives the lines. The queue disposes it.</param>
    public AuditQueue(IAuditOutput output)
    {
        _output = output;
        _writer = new Utf8JsonWriter(_lines, AuditEvent.WriterOptions);
        _thread = new Thread(Run) { IsBackground = true, Name = "audit log" };
        _thread.Start();
    }

    /// <summary>Adds an event.</summary>
    public void Add(AuditEvent added)
    {
        while (!_events.Writer.TryWrite(added))
        {
            if (!_events.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult())
            {
                SelfLog.WriteLine("The audit log has lost an event, because the service has stopped.");
                return;
            }
        }
    }

    /// <summary>Writes the events that wait, and closes the output.</summary>
    public void Dispose()
    {
        _events.Writer.TryComplete();
        _thread.Join();
        _writer.Dispose();
        _output.Dispose();
    }

    private void Run()
    {
        while (_events.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_events.Reader.TryRead(out var next))
            {
                Format(next);
                if (_lines.WrittenCount >= MaxBytes)
                {
                    WriteLines();
                }
            }

            WriteLines();

            // The events that come meanwhile are written in the next round.
            Thread.Sleep(_pause);
        }
    }

    private void Format(AuditEvent next)
    {
        try
        {
            next.WriteTo(_writer);
            _writer.Flush();
            _lines.Write("\n"u8);
        }
        catch (Exception exception)
        {
            // The writer passes on only whole events, so that the lines before are not damaged.
            SelfLog.WriteLine("The audit log has lost an event: {0}", exception);
        }

        _writer.Reset();
    }

    private void WriteLines()
    {
        try
        {
            _output.Write(_lines.WrittenSpan);
        }
        catch (Exception exception)
        {
            // The next events may be written again.
            SelfLog.WriteLine("The audit log has lost lines of {0} bytes: {1}", _lines.WrittenCount, exception);
        }

        _lines.ResetWrittenCount();
    }
}
