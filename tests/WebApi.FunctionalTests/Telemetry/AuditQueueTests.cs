using System.Collections.Concurrent;
using IndustryData.WebApi.Http;
using Serilog.Core;
using Serilog.Events;
using Serilog.Parsing;

namespace IndustryData.WebApi.FunctionalTests.Telemetry;

public sealed class AuditQueueTests
{
    private static readonly TimeSpan _maxWait = TimeSpan.FromSeconds(30);

    private static readonly Action _nothing = () => { };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Events_are_written_in_their_order_before_the_queue_is_closed()
    {
        using var sink = new Sink();
        var events = Enumerable.Range(0, 1000).Select(_ => Event()).ToList();
        using (var queue = new AuditQueue(sink, _nothing))
        {
            events.ForEach(queue.Emit);
        }

        sink.Written.ShouldBe(events);
        sink.IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task Full_queue_makes_its_callers_wait_and_loses_nothing()
    {
        using var sink = new Sink();
        sink.Block();
        using (var queue = new AuditQueue(sink, _nothing))
        {
            try
            {
                queue.Emit(Event());
                await sink.Blocked.WaitAsync(_maxWait, Cancellation);
                var fill = Task.Run(() => Emit(queue, AuditQueue.Capacity), Cancellation);
                await fill.WaitAsync(_maxWait, Cancellation);
                var late = Task.Run(() => queue.Emit(Event()), Cancellation);
                (await Task.WhenAny(late, Task.Delay(500, Cancellation))).ShouldNotBe(late);
                sink.Release();
                await late.WaitAsync(_maxWait, Cancellation);
            }
            finally
            {
                sink.Release();
            }
        }

        sink.Written.Count.ShouldBe(AuditQueue.Capacity + 2);
    }

    [Fact]
    public void Event_that_the_sink_refuses_does_not_stop_those_after_it()
    {
        using var sink = new Sink { Refused = 1 };
        var (first, second) = (Event(), Event());
        using (var queue = new AuditQueue(sink, _nothing))
        {
            queue.Emit(first);
            queue.Emit(second);
        }

        sink.Written.ShouldBe([second]);
    }

    [Fact]
    public void Round_is_completed_after_its_events_even_if_a_round_before_failed()
    {
        using var sink = new Sink();
        var completed = new List<int>();
        using (
            var queue = new AuditQueue(
                sink,
                () =>
                {
                    completed.Add(sink.Written.Count);
                    throw new IOException("The disk is full.");
                }
            )
        )
        {
            queue.Emit(Event());
            SpinWait.SpinUntil(() => completed.Count > 0, _maxWait);
            queue.Emit(Event());
        }

        completed.ShouldBe([1, 2]);
    }

    [Fact]
    public void Event_after_the_queue_is_closed_is_ignored()
    {
        using var sink = new Sink();
        var queue = new AuditQueue(sink, _nothing);
        queue.Dispose();
        queue.Emit(Event());
        sink.Written.ShouldBeEmpty();
    }

    private static void Emit(AuditQueue queue, int count)
    {
        for (var i = 0; i < count; i++)
        {
            queue.Emit(Event());
        }
    }

    private static LogEvent Event() =>
        new(
            DateTimeOffset.UnixEpoch,
            LogEventLevel.Information,
            exception: null,
            new MessageTemplateParser().Parse("event"),
            []
        );

    private sealed class Sink : ILogEventSink, IDisposable
    {
        private readonly TaskCompletionSource _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _open = new(initialState: true);

        public ConcurrentQueue<LogEvent> Written { get; } = new();

        public int Refused { get; set; }

        public bool IsDisposed { get; private set; }

        /// <summary>Completes when the sink holds the thread of the queue.</summary>
        public Task Blocked => _blocked.Task;

        public void Block() => _open.Reset();

        public void Release() => _open.Set();

        public void Emit(LogEvent logEvent)
        {
            if (!_open.IsSet)
            {
                _blocked.TrySetResult();
            }

            _open.Wait();
            if (Refused-- > 0)
            {
                throw new IOException("The disk is full.");
            }

            Written.Enqueue(logEvent);
        }

        public void Dispose()
        {
            IsDisposed = true;
            _open.Dispose();
        }
    }
}
