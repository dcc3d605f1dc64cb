using System.Diagnostics;
using System.Globalization;
using System.Text;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Postgres;
using IndustryData.Infrastructure.FaultTests.Reporting;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

public sealed class MemoryTests : FaultScenario
{
    private const int Callers = 300;
    private const int ErrorBytes = 60_000;
    private const int ActivityErrorBytes = 8_000;
    private const int BatchBytes = 4 * 1000 * 1000;
    private const int MaxResidentMegabytes = 600;
    private const int MaxGrowthMegabytes = 100;
    private static readonly TimeSpan _duration = TimeSpan.FromSeconds(60);

    // The callers send 1.2 GB and 300 requests for large pages. This is the time to process or to refuse them.
    private static readonly TimeSpan _arrival = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan _maxRelease = TimeSpan.FromSeconds(60);

    /// <summary>
    /// 600 callers make the service hold memory for them: 300 with an unread response, and 300 with an incomplete
    /// request.
    /// </summary>
    [Fact]
    public async Task Callers_that_do_not_go_on_hold_little_memory()
    {
        var report = new FaultReport("600 callers stop in mid-answer or mid-request");
        var ledger = new Ledger(Caller.TenantB);
        var cluster = await StartClusterAsync();
        var service = await StartServiceAsync(cluster.ConnectionString);
        using var a = new Caller(service.Root, Caller.TenantA);
        using var b = new Caller(service.Root, Caller.TenantB);
        var run = await AddLargeRunsAsync(cluster, a);
        await WarmUpAsync(ledger, b, runs: 1000);
        var start = ReadResidentMegabytes(service);
        await RehearseAsync(service.Root, run);
        await MeasureAsync(b, ledger, TimeSpan.FromSeconds(5));
        var (listsAlone, writesAlone) = await MeasureAsync(b, ledger, Form.Seconds(3, 10));

        var max = start;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var sampling = SampleAsync(service, megabytes => max = Math.Max(max, megabytes), stop.Token);
        var stalling = StallAsync(service.Root, run);
        var (listsAtFirst, writesAtFirst) = await MeasureAsync(b, ledger, _arrival);
        var stuck = await stalling;
        var (lists, writes) = await MeasureAsync(b, ledger, _duration);
        foreach (var connection in stuck)
        {
            connection.Dispose();
        }

        var leftAt = Stopwatch.GetTimestamp();
        while (
            ReadResidentMegabytes(service) > start + MaxGrowthMegabytes
            && Stopwatch.GetElapsedTime(leftAt) < _maxRelease
        )
        {
            await Task.Delay(200, Cancellation);
        }

        var release = Stopwatch.GetElapsedTime(leftAt);
        var end = ReadResidentMegabytes(service);
        await stop.CancelAsync();
        await sampling;
        report.Note($"resident {start} MB, at most {max} MB, {end} MB {release.TotalSeconds:0} s after the load");
        report.Note($"B's lists alone: {listsAlone}; beside: {lists}; writes: {writes}");
        report.Note($"while the callers arrive: lists: {listsAtFirst}; writes: {writesAtFirst}");
        report.Require(max <= MaxResidentMegabytes, $"at most {MaxResidentMegabytes} MB are resident");
        report.Require(end <= start + MaxGrowthMegabytes, "the memory is released within 60 s after the load");
        report.RequireNone(
            [.. listsAtFirst.Failed, .. writesAtFirst.Failed, .. lists.Failed, .. writes.Failed],
            _ => true,
            "no request of B fails"
        );
        report.Require(
            listsAtFirst.P75 <= listsAlone.MaxP99UnderLoad && writesAtFirst.P75 <= writesAlone.MaxP99UnderLoad,
            $"B waits at most for a quarter of the {_arrival.TotalSeconds:0} s in which the callers arrive"
        );
        report.Require(
            lists.P99 <= listsAlone.MaxP99UnderLoad && writes.P99 <= writesAlone.MaxP99UnderLoad,
            $"B's p99 is at most {listsAlone.MaxP99UnderLoad.TotalMilliseconds:0} ms for lists and "
                + $"{writesAlone.MaxP99UnderLoad.TotalMilliseconds:0} ms for writes"
        );
        await report.CompleteAsync(ledger, cluster.ConnectionString);
    }

    // Adds more than a page of runs with large errors, and a run with many large activities. Returns the id of the run.
    private static async Task<string> AddLargeRunsAsync(Cluster cluster, Caller caller)
    {
        var run = await caller.SendAsync(
            HttpMethod.Post,
            "process/runs/$ref",
            $$"""
            {"displayName":"large","startDateTime":"2026-11-22T02:00:00Z","endDateTime":"2026-11-22T02:41:07Z",
            "status":"failed","statistics":{},"blockingError":{{Error(ErrorBytes)}},
            "activities":[{"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"large",
            "status":"failed","blockingError":{{Error(ActivityErrorBytes)}} }]}
            """
        );
        run.IsSuccess.ShouldBeTrue(run.ToString());
        await Seed.ActivitiesAsync(cluster, run.Id, 900);
        await Seed.RunsAsync(cluster, caller.Tenant, 1100);
        return run.Id;

        static string Error(int bytes) => $$"""{"code":"large","message":"{{new string('x', bytes)}}"}""";
    }

    // Runs the load before the measurement, so that just-in-time compilation is not measured. Tiered compilation
    // compiles a busy method twice.
    private static async Task RehearseAsync(Uri root, string run)
    {
        for (var round = 0; round < 2; round++)
        {
            var stuck = await StallAsync(root, run);
            await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
            foreach (var connection in stuck)
            {
                connection.Dispose();
            }
        }
    }

    private static async Task<(Latencies Lists, Latencies Writes)> MeasureAsync(
        Caller caller,
        Ledger ledger,
        TimeSpan duration
    )
    {
        var lists = LatencyProbe.MeasureAsync(() => caller.GetAsync("process/runs?$top=20"), duration);
        var writes = LatencyProbe.MeasureAsync(
            async () =>
            {
                var name = ledger.NewName();
                var answer = await caller.PostRunAsync(name);
                ledger.Note(name, answer);
                return answer;
            },
            duration
        );
        return (await lists, await writes);
    }

    private static async Task<List<RawConnection>> StallAsync(Uri root, string run)
    {
        var token = Caller.Token(Caller.TenantA);
        byte[][] reads =
        [
            RawConnection.Request("GET /beta/process/runs?$top=1000", token),
            RawConnection.Request($"GET /beta/process/runs/{run}/activities?$top=1000", token),
        ];
        var body = $$"""
            {"requests":[{"id":"1","method":"POST","url":"/process/runs",
            "headers":{"content-type":"application/json"},"body":{"displayName":"{{new string('x', BatchBytes)}}" } }]}
            """;
        var batch = RawConnection.Request("POST /beta/$batch", token, body[..^100_000], declaredBytes: body.Length);
        var connections = new List<RawConnection>();
        for (var i = 0; i < Callers; i++)
        {
            var reader = await RawConnection.OpenAsync(root, receiveBufferBytes: 4096);
            await reader.SendAsync(reads[i % reads.Length], Cancellation);
            connections.Add(reader);
        }

        await Task.WhenAll(
            Enumerable
                .Range(0, Callers)
                .Select(async _ =>
                {
                    var sender = await RawConnection.OpenAsync(root);
                    lock (connections)
                    {
                        connections.Add(sender);
                    }

                    // The service may refuse the request, or stop reading it, before it is sent completely.
                    using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
                    enough.CancelAfter(TimeSpan.FromSeconds(5));
                    try
                    {
                        await sender.SendAsync(batch, enough.Token);
                    }
                    catch (Exception exception)
                        when (exception is System.Net.Sockets.SocketException or OperationCanceledException)
                    {
                        Cancellation.ThrowIfCancellationRequested();
                    }
                })
        );
        return connections;
    }

    private static async Task SampleAsync(ServiceProcess service, Action<int> note, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            note(ReadResidentMegabytes(service));
            await Task.Delay(100, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static int ReadResidentMegabytes(ServiceProcess service)
    {
        var line = File.ReadLines($"/proc/{service.Id}/status", Encoding.ASCII)
            .First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        var kilobytes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return int.Parse(kilobytes, CultureInfo.InvariantCulture) / 1024;
    }
}
