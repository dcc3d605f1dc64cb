using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.LoadGeneration;

namespace IndustryData.Benchmarks.Live;

/// <summary>
/// Reads streams of changes. It runs in its own process, so that its resource usage is not that of the service. One
/// thread reads all streams.
/// </summary>
internal static class FollowCommand
{
    /// <summary>The line that the process prints when all streams are open.</summary>
    public const string Opened = "opened";

    /// <summary>
    /// Opens the streams of a plan, which is the first line of the input. Each further line requests a report. The
    /// process ends with the input.
    /// </summary>
    public static int Run(TextReader input)
    {
        var plan = JsonSerializer.Deserialize<FollowPlan>(input.ReadLine()!)!;
        var request = HttpRequests.GetStream(plan.Path, plan.Token);
        var streams = new List<FollowedStream>();
        for (var i = 0; i < plan.Streams; i++)
        {
            streams.Add(new FollowedStream(plan.Port, request));
        }

        foreach (var stream in streams)
        {
            stream.ReadToFirstEvent();
        }

        Console.WriteLine(Opened);
        var all = new Lock();
        new Thread(() => Read(streams, all)) { IsBackground = true }.Start();
        while (input.ReadLine() is not null)
        {
            lock (all)
            {
                Console.WriteLine(JsonSerializer.Serialize(FollowReport.Of(streams)));
            }
        }

        return 0;
    }

    private static void Read(List<FollowedStream> streams, Lock all)
    {
        using var ready = new ReadySockets([.. streams.Select(s => s.Socket)]);
        while (true)
        {
            var count = ready.Wait();
            lock (all)
            {
                for (var i = 0; i < count; i++)
                {
                    streams[ready[i]].Read();
                }
            }
        }
    }
}

/// <summary>The plan of the process that follows streams.</summary>
/// <param name="Port">The port of the service on 127.0.0.1.</param>
/// <param name="Path">The path of the delta query.</param>
/// <param name="Token">The access token.</param>
/// <param name="Streams">The number of streams.</param>
internal sealed record FollowPlan(int Port, string Path, string Token, int Streams);

/// <summary>What the streams have sent so far.</summary>
/// <param name="Open">The number of streams that are open.</param>
/// <param name="LeastChanges">The changes on the stream with the fewest: those listed and those only counted.</param>
/// <param name="Listed">The events with changes, on all streams.</param>
/// <param name="Counted">The events with only the number of changes, on all streams.</param>
/// <param name="LongestGap">The longest time between two events of changes on a stream, in milliseconds.</param>
internal sealed record FollowReport(int Open, long LeastChanges, long Listed, long Counted, double LongestGap)
{
    public static FollowReport Of(IReadOnlyList<FollowedStream> streams) =>
        new(
            streams.Count(s => !s.HasEnded),
            streams.Min(s => s.Changes),
            streams.Sum(s => s.Listed),
            streams.Sum(s => s.Counted),
            streams.Max(s => s.LongestGap.TotalMilliseconds)
        );
}

/// <summary>A stream of changes and what it has sent. It is parsed only as far as necessary for that.</summary>
internal sealed class FollowedStream
{
    private const byte EndOfLine = (byte)'\n';

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly ArrayBufferWriter<byte> _line = new();
    private string _event = "";
    private long _last;

    /// <summary>Connects and sends the request.</summary>
    public FollowedStream(int port, byte[] request)
    {
        Socket.Connect(System.Net.IPAddress.Loopback, port);
        Socket.Send(request);
    }

    public Socket Socket { get; } =
        new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    public bool HasEnded { get; private set; }

    /// <summary>The number of changes, listed or only counted.</summary>
    public long Changes { get; private set; }

    /// <summary>The number of events with changes.</summary>
    public long Listed { get; private set; }

    /// <summary>The number of events with only the number of changes.</summary>
    public long Counted { get; private set; }

    /// <summary>The longest time between two events of changes.</summary>
    public TimeSpan LongestGap { get; private set; }

    /// <summary>Waits for the first event of the stream.</summary>
    /// <exception cref="InvalidDataException">The request was refused.</exception>
    public void ReadToFirstEvent()
    {
        while (_event.Length == 0 && !HasEnded)
        {
            Read();
        }

        if (HasEnded)
        {
            throw new InvalidDataException("The service opened no stream.");
        }
    }

    /// <summary>Reads what has arrived.</summary>
    public void Read()
    {
        var received = Socket.Receive(_buffer, SocketFlags.None, out var error);
        if (received <= 0 || error != SocketError.Success)
        {
            HasEnded = true;
            Socket.Dispose();
            return;
        }

        var rest = _buffer.AsSpan(0, received);
        while (rest.IndexOf(EndOfLine) is >= 0 and var end)
        {
            _line.Write(rest[..end]);
            Take(_line.WrittenSpan);
            _line.Clear();
            rest = rest[(end + 1)..];
        }

        _line.Write(rest);
    }

    private void Take(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("HTTP/1.1 "u8) && !line.StartsWith("HTTP/1.1 200"u8))
        {
            throw new InvalidDataException($"The stream was refused: {Encoding.UTF8.GetString(line)}");
        }

        if (line.StartsWith("event: "u8))
        {
            Begin(Encoding.UTF8.GetString(line[7..]));
        }
        else if (_event == "runs")
        {
            // The chunks of the response can divide this line.
            Changes += line.Count("\"id\":\""u8);
        }
        else if (_event == "many" && line.StartsWith("data: {\"count\":"u8))
        {
            Changes += long.Parse(line[15..^1], NumberStyles.None, CultureInfo.InvariantCulture);
        }
    }

    private void Begin(string name)
    {
        _event = name;
        if (name is "runs" or "many")
        {
            var now = Stopwatch.GetTimestamp();
            var gap = _last == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_last, now);
            LongestGap = gap > LongestGap ? gap : LongestGap;
            _last = now;
            (Listed, Counted) = name == "runs" ? (Listed + 1, Counted) : (Listed, Counted + 1);
        }
    }
}
