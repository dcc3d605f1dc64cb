using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.LoadGeneration;
using IndustryData.Benchmarks.Loading;

namespace IndustryData.Benchmarks.Simulating;

/// <summary>
/// Sends the runs of a slice of a day at the times at which they arrive, whether or not earlier ones are answered. It
/// runs in its own process. One thread drives all connections.
/// </summary>
internal static class ReplayCommand
{
    /// <summary>Reads a plan, executes it and prints the result.</summary>
    public static int Run(Stream input)
    {
        var replay = new Replay(JsonSerializer.Deserialize<ReplayPlan>(input)!);
        replay.Run();
        Console.WriteLine(JsonSerializer.Serialize(replay.Result));
        return 0;
    }

    private sealed class Replay(ReplayPlan plan)
    {
        private readonly DayProfile _day = new(plan.Runs, plan.Tokens.Count);
        private readonly LatencyHistogram _latencies = new();
        private readonly HttpConnection[] _connections = new HttpConnection[plan.Connections];
        private readonly long[] _due = new long[plan.Connections];
        private readonly Stack<int> _free = [];
        private readonly Random _random = new(plan.Seed);
        private long[] _arrivals = [];
        private int _next;
        private int _answered;
        private int _mostWaiting;
        private long _wrong;
        private string? _firstWrong;
        private TimeSpan _took;

        public ReplayResult Result =>
            new(
                _answered - _wrong,
                _took.TotalSeconds,
                _latencies.Percentile(0.5),
                _latencies.Percentile(0.95),
                _latencies.Percentile(0.99),
                _mostWaiting,
                _wrong,
                _firstWrong
            );

        public void Run()
        {
            try
            {
                for (var i = 0; i < _connections.Length; i++)
                {
                    _connections[i] = new HttpConnection(plan.Ports[i % plan.Ports.Count]);
                    _free.Push(i);
                }

                using var ready = new ReadySockets([.. _connections.Select(c => c.Socket)]);
                var begin = Stopwatch.GetTimestamp();
                _arrivals = ArrivalsFrom(begin);
                while (_answered < _arrivals.Length)
                {
                    SendDue();
                    var count = ready.Wait(Milliseconds());
                    for (var i = 0; i < count; i++)
                    {
                        Receive(ready[i]);
                    }
                }

                _took = Stopwatch.GetElapsedTime(begin);
            }
            catch (Exception exception) when (exception is SocketException or InvalidDataException)
            {
                _wrong++;
                _firstWrong ??= exception.Message;
            }

            foreach (var connection in _connections)
            {
                connection?.Dispose();
            }
        }

        /// <summary>The times of arrival: independent of each other, as often as the hour of the day has it.</summary>
        private long[] ArrivalsFrom(long begin)
        {
            var parts = new double[plan.Arrivals];
            for (var i = 0; i < parts.Length; i++)
            {
                parts[i] = _random.NextDouble();
            }

            Array.Sort(parts);
            return [.. parts.Select(p => begin + (long)(DayProfile.TimeOf(p) * plan.Seconds * Stopwatch.Frequency))];
        }

        private void SendDue()
        {
            var now = Stopwatch.GetTimestamp();
            while (_next < _arrivals.Length && _arrivals[_next] <= now && _free.TryPop(out var connection))
            {
                _due[connection] = _arrivals[_next];
                var token = plan.Tokens[_day.TenantOf(_random.NextDouble())];
                var body = SampleRun.Of(_random.NextInt64(), DateTimeOffset.UtcNow).Body;
                _connections[connection].Send(HttpRequests.Post("/beta/process/runs/$ref", token, body));
                _next++;
            }

            var waiting = 0;
            while (_next + waiting < _arrivals.Length && _arrivals[_next + waiting] <= now)
            {
                waiting++;
            }

            _mostWaiting = Math.Max(_mostWaiting, waiting);
        }

        // If no connection is free, or if all runs are sent, the next event is a response.
        private int Milliseconds() =>
            _free.Count == 0 || _next == _arrivals.Length
                ? -1
                : (int)
                    Math.Max(1, Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _arrivals[_next]).TotalMilliseconds);

        private void Receive(int connection)
        {
            if (!_connections[connection].Receive(out var status, out var body))
            {
                return;
            }

            if (status == 204)
            {
                var took = Stopwatch.GetElapsedTime(_due[connection]);
                _latencies.Add((long)took.TotalNanoseconds);
            }
            else
            {
                _wrong++;
                _firstWrong ??= $"{status} {Encoding.UTF8.GetString(body[..Math.Min(body.Length, 400)])}";
            }

            _answered++;
            _free.Push(connection);
        }
    }
}

/// <summary>The plan of the process that replays a slice.</summary>
/// <param name="Ports">The ports on 127.0.0.1. The connections are distributed evenly over them.</param>
/// <param name="Connections">The number of connections. Each sends one request at a time.</param>
/// <param name="Runs">The number of runs of the day.</param>
/// <param name="Arrivals">The number of runs of the slice.</param>
/// <param name="Seconds">The duration of the slice in seconds. It has the profile of the whole day.</param>
/// <param name="Tokens">The access tokens, one for each tenant. The first tenant is the largest.</param>
/// <param name="Seed">Determines the arrivals.</param>
internal sealed record ReplayPlan(
    IReadOnlyList<int> Ports,
    int Connections,
    long Runs,
    int Arrivals,
    double Seconds,
    IReadOnlyList<string> Tokens,
    int Seed
);

/// <summary>The result of a replay. The latency of a run begins with its arrival, also if it had to wait.</summary>
/// <param name="Acknowledged">The number of runs that were acknowledged.</param>
/// <param name="Seconds">The time from the first arrival to the last response, in seconds.</param>
/// <param name="P50">The median latency in milliseconds.</param>
/// <param name="P95">The 95th percentile of the latency in milliseconds.</param>
/// <param name="P99">The 99th percentile of the latency in milliseconds.</param>
/// <param name="MostWaiting">The largest number of runs that waited for a connection.</param>
/// <param name="Wrong">The number of incorrect responses.</param>
/// <param name="FirstWrong">The first incorrect response, truncated; null if all are correct.</param>
internal sealed record ReplayResult(
    long Acknowledged,
    double Seconds,
    double P50,
    double P95,
    double P99,
    int MostWaiting,
    long Wrong,
    string? FirstWrong
);
