using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.FunctionalTests.Telemetry;

public sealed class AuditQueueTests
{
    private static readonly TimeSpan _maxWait = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Events_are_written_in_their_order_before_the_queue_is_closed()
    {
        using var output = new Output();
        using (var queue = new AuditQueue(output))
        {
            Add(queue, 1000);
        }

        output.Written.ShouldBe(Enumerable.Range(0, 1000));
        output.IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task Full_queue_makes_its_callers_wait_and_loses_nothing()
    {
        using var output = new Output();
        output.Block();
        using (var queue = new AuditQueue(output))
        {
            try
            {
                queue.Add(Event(0));
                await output.Blocked.WaitAsync(_maxWait, Cancellation);
                var fill = Task.Run(() => Add(queue, AuditQueue.Capacity), Cancellation);
                await fill.WaitAsync(_maxWait, Cancellation);
                var late = Task.Run(() => queue.Add(Event(0)), Cancellation);
                (await Task.WhenAny(late, Task.Delay(500, Cancellation))).ShouldNotBe(late);
                output.Release();
                await late.WaitAsync(_maxWait, Cancellation);
            }
            finally
            {
                output.Release();
            }
        }

        output.Written.Count.ShouldBe(AuditQueue.Capacity + 2);
    }

    [Fact]
    public void Lines_that_the_output_refuses_do_not_stop_those_after_them()
    {
        using var output = new Output { Refused = 1 };
        using (var queue = new AuditQueue(output))
        {
            queue.Add(Event(1));
            SpinWait.SpinUntil(() => output.Refused == 0, _maxWait).ShouldBeTrue();
            queue.Add(Event(2));
        }

        output.Written.ShouldBe([2]);
    }

    [Fact]
    public async Task Many_events_are_written_in_few_portions()
    {
        using var output = new Output();
        output.Block();
        using (var queue = new AuditQueue(output))
        {
            queue.Add(Event(0));
            await output.Blocked.WaitAsync(_maxWait, Cancellation);
            Add(queue, AuditQueue.Capacity);
            output.Release();
        }

        output.Written.Count.ShouldBe(AuditQueue.Capacity + 1);
        output.LargestBytes.ShouldBeLessThan(40 * 1024);
        output.Portions.ShouldBeLessThan(100);
    }

    [Fact]
    public void Event_after_the_queue_is_closed_does_not_block_its_caller()
    {
        using var output = new Output();
        var queue = new AuditQueue(output);
        queue.Dispose();
        Should.CompleteIn(() => queue.Add(Event(0)), _maxWait);
    }

    [Fact]
    public void Line_has_the_values_and_no_property_without_a_value()
    {
        using var output = new Output();
        using (var queue = new AuditQueue(output))
        {
            queue.Add(
                new AuditEvent
                {
                    Time = new DateTimeOffset(2026, 11, 30, 2, 0, 0, 120, TimeSpan.FromHours(1)),
                    Caller = new AuditCaller(new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "Zoë \"\n")]))),
                    Action = "run_Add",
                    Status = 204,
                    RequestId = "1",
                }
            );
        }

        output
            .Text.ToString()
            .ShouldBe(
                """
                {"@t":"2026-11-30T01:00:00.1200000Z","@mt":"{action} {status}","SourceContext":"IndustryData.Audit",
                "subject":"Zoë \"\n","action":"run_Add","status":204,"request_id":"1"}
                """.ReplaceLineEndings("") + "\n"
            );
    }

    private static void Add(AuditQueue queue, int count)
    {
        for (var i = 0; i < count; i++)
        {
            queue.Add(Event(i));
        }
    }

    private static AuditEvent Event(int status) =>
        new()
        {
            Time = DateTimeOffset.UnixEpoch,
            Caller = new AuditCaller(new ClaimsPrincipal()),
            Action = "run_Add",
            Status = status,
            RequestId = "",
        };

    private sealed class Output : IAuditOutput
    {
        private readonly TaskCompletionSource _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _open = new(initialState: true);
        private volatile int _refused;

        /// <summary>The statuses of the events.</summary>
        public ConcurrentQueue<int> Written { get; } = new();

        public StringBuilder Text { get; } = new();

        public int LargestBytes { get; private set; }

        public int Portions { get; private set; }

        public int Refused
        {
            get => _refused;
            init => _refused = value;
        }

        public bool IsDisposed { get; private set; }

        /// <summary>Completes when the output holds the thread of the queue.</summary>
        public Task Blocked => _blocked.Task;

        public void Block() => _open.Reset();

        public void Release() => _open.Set();

        public void Write(ReadOnlySpan<byte> lines)
        {
            if (!_open.IsSet)
            {
                _blocked.TrySetResult();
            }

            _open.Wait();
            if (_refused > 0)
            {
                _refused--;
                throw new IOException("The disk is full.");
            }

            Portions++;
            LargestBytes = Math.Max(LargestBytes, lines.Length);
            var text = Encoding.UTF8.GetString(lines);
            Text.Append(text);
            foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                Written.Enqueue(JsonDocument.Parse(line).RootElement.GetProperty("status").GetInt32());
            }
        }

        public void Dispose()
        {
            IsDisposed = true;
            _open.Dispose();
        }
    }
}
