using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace IndustryData.Benchmarks.LoadGeneration;

/// <summary>
/// The load generator. It runs in its own process, so that its resource usage is measured separately. One thread drives
/// all connections, as in wrk and pgbench. With one thread for each connection, each request would cost two context
/// switches, and the server would spend processor time to wake the threads.
/// </summary>
internal static class GeneratorCommand
{
    /// <summary>The line that the process prints when the measurement begins.</summary>
    public const string Begin = "begin";

    /// <summary>The line that the process prints when the measurement ends. The result follows it.</summary>
    public const string End = "end";

    /// <summary>Reads a plan, executes it and prints the result.</summary>
    public static int Run(Stream input)
    {
        var plan = JsonSerializer.Deserialize<GeneratorPlan>(input)!;
        var begin = Stopwatch.GetTimestamp() + Ticks(plan.WarmUpSeconds);
        var end = begin + Ticks(plan.Seconds);
        var generator = new Generator(plan, begin, end);
        var thread = new Thread(generator.Run);
        thread.Start();
        SleepUntil(begin);
        Console.WriteLine(Begin);
        SleepUntil(end);
        Console.WriteLine(End);
        thread.Join();
        Console.WriteLine(
            JsonSerializer.Serialize(
                new GeneratorResult(
                    generator.Answers,
                    generator.Latencies.Count,
                    plan.Seconds,
                    generator.Latencies.Percentile(0.5),
                    generator.Latencies.Percentile(0.95),
                    generator.Latencies.Percentile(0.99),
                    generator.Wrong,
                    generator.FirstWrong
                )
            )
        );
        return 0;
    }

    private static long Ticks(double seconds) => (long)(seconds * Stopwatch.Frequency);

    private static void SleepUntil(long timestamp)
    {
        var left = timestamp - Stopwatch.GetTimestamp();
        if (left > 0)
        {
            Thread.Sleep((int)(left * 1000 / Stopwatch.Frequency));
        }
    }

    private sealed class Generator(GeneratorPlan plan, long begin, long end)
    {
        private readonly byte[]? _text = plan.Text is null ? null : Encoding.UTF8.GetBytes(plan.Text);
        private readonly HttpConnection[] _connections = new HttpConnection[plan.Connections];
        private readonly int[] _next = new int[plan.Connections];
        private readonly long[] _sent = new long[plan.Connections];
        private int _waiting;

        public LatencyHistogram Latencies { get; } = new();

        public long Answers { get; private set; }

        public long Wrong { get; private set; }

        public string? FirstWrong { get; private set; }

        public void Run()
        {
            try
            {
                for (var i = 0; i < _connections.Length; i++)
                {
                    _connections[i] = new HttpConnection(plan.Ports[i % plan.Ports.Count]);

                    // Each connection starts at another request, so that connections do not send the same requests
                    // at the same time.
                    _next[i] = (int)((long)plan.Requests.Count * i / _connections.Length);
                }

                using var ready = new ReadySockets([.. _connections.Select(c => c.Socket)]);
                for (var i = 0; i < _connections.Length; i++)
                {
                    Send(i);
                }

                while (_waiting > 0)
                {
                    var count = ready.Wait();
                    for (var i = 0; i < count; i++)
                    {
                        Receive(ready[i]);
                    }
                }
            }
            catch (Exception exception) when (exception is SocketException or InvalidDataException)
            {
                Wrong++;
                FirstWrong ??= exception.Message;
            }

            foreach (var connection in _connections)
            {
                connection?.Dispose();
            }
        }

        private void Send(int connection)
        {
            var now = Stopwatch.GetTimestamp();
            if (now < end)
            {
                _sent[connection] = now;
                var request = plan.Requests[_next[connection]];
                if (plan.UniqueAt is { } uniqueAt)
                {
                    // Connections share requests. The kernel receives a request completely before the request
                    // changes again.
                    Guid.NewGuid().TryFormat(request.AsSpan(uniqueAt), out _);
                }

                _connections[connection].Send(request);
                _next[connection] = (_next[connection] + 1) % plan.Requests.Count;
                _waiting++;
            }
        }

        private void Receive(int connection)
        {
            if (!_connections[connection].Receive(out var status, out var body))
            {
                return;
            }

            var sent = _sent[connection];
            var took = Stopwatch.GetTimestamp() - sent;
            if (status != plan.Status || (_text is not null && body.Count(_text) != plan.Times))
            {
                Wrong++;
                FirstWrong ??= $"{status} {Encoding.UTF8.GetString(body[..Math.Min(body.Length, 400)])}";
            }
            else
            {
                Answers++;
                if (sent >= begin)
                {
                    Latencies.Add(took * (1_000_000_000 / Stopwatch.Frequency));
                }
            }

            _waiting--;
            Send(connection);
        }
    }
}
