using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace IndustryData.Benchmarks.Driving;

/// <summary>
/// The load generator, in a process of its own so that what it uses is told apart. One thread a connection, which sends a ready request and
/// blocks for the answer: two system calls a request, and nothing is allocated.
/// </summary>
internal static class DriveCommand
{
    /// <summary>What it prints when measuring begins and ends; the result follows.</summary>
    public const string Begin = "begin";
    public const string End = "end";

    /// <summary>Reads a plan, carries it out and prints what it saw.</summary>
    public static int Run(Stream input)
    {
        var plan = JsonSerializer.Deserialize<DrivePlan>(input)!;
        var workers = Enumerable.Range(0, plan.Connections).Select(i => new Worker(plan, i)).ToList();
        var begin = Stopwatch.GetTimestamp() + Ticks(plan.WarmUpSeconds);
        var end = begin + Ticks(plan.Seconds);
        var threads = workers.ConvertAll(w => new Thread(() => w.Run(begin, end), 256 * 1024));
        threads.ForEach(t => t.Start());
        SleepUntil(begin);
        Console.WriteLine(Begin);
        SleepUntil(end);
        Console.WriteLine(End);
        threads.ForEach(t => t.Join());

        var latencies = new LatencyHistogram();
        workers.ForEach(w => latencies.Add(w.Latencies));
        Console.WriteLine(JsonSerializer.Serialize(new DriveResult(
            workers.Sum(w => w.Answers),
            latencies.Count,
            plan.Seconds,
            latencies.Percentile(0.5),
            latencies.Percentile(0.99),
            workers.Sum(w => w.Wrong),
            workers.Select(w => w.FirstWrong).FirstOrDefault(w => w is not null))));
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

    private sealed class Worker(DrivePlan plan, int number)
    {
        private readonly byte[]? _text = plan.Text is null ? null : Encoding.UTF8.GetBytes(plan.Text);

        public LatencyHistogram Latencies { get; } = new();

        public long Answers { get; private set; }

        public long Wrong { get; private set; }

        public string? FirstWrong { get; private set; }

        public void Run(long begin, long end)
        {
            try
            {
                using var connection = new HttpConnection(plan.Port);

                // Spread over the requests, so that no two connections send the same ones at the same time.
                var next = (int)((long)plan.Requests.Count * number / plan.Connections);
                while (true)
                {
                    var sent = Stopwatch.GetTimestamp();
                    if (sent >= end)
                    {
                        return;
                    }

                    var status = connection.Send(plan.Requests[next], out var body);
                    var took = Stopwatch.GetTimestamp() - sent;
                    next = (next + 1) % plan.Requests.Count;
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
                }
            }
            catch (Exception exception) when (exception is SocketException or InvalidDataException)
            {
                Wrong++;
                FirstWrong ??= exception.Message;
            }
        }
    }
}
