using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>The size of the pages, and how fast the browser shows them.</summary>
[Collection(typeof(SerialTests))]
public sealed class WeightTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    private const int MaxLoads = 20;

    // The goals are those of a processor four times slower than one that lays out the sample in this time. Without the
    // sample, the processor of the machine and its other virtual machines would decide.
    private const double Slowdown = 4;
    private const double SampleMilliseconds = 75;

    private const int Writers = 8;

    // The most requests that a batch may have.
    private const int RunsOfBatch = 20;

    private const int MaxObservations = 6;
    private static readonly TimeSpan _observed = TimeSpan.FromSeconds(5);

    // Lays out 3,000 elements, and returns the least time of five rounds in milliseconds.
    private const string Sample = """
        () => {
          const rounds = Array.from({ length: 5 }, () => {
            const start = performance.now();
            const list = document.createElement('ul');
            for (let i = 0; i < 3000; i++) {
              const item = document.createElement('li');
              item.textContent = `Sample ${i} of the speed of this machine`;
              list.append(item);
            }
            document.body.append(list);
            list.getBoundingClientRect();
            list.remove();
            return performance.now() - start;
          });
          return Math.min(...rounds);
        }
        """;

    [Fact]
    public async Task First_page_needs_at_most_six_requests_and_40_kilobytes()
    {
        var page = await OpenAsync("/ui/settings");
        var requests = new List<IResponse>();
        await page.Context.ClearCookiesAsync();
        var fresh = await page.Context.NewPageAsync();
        fresh.Response += (_, response) =>
        {
            if (!response.Url.StartsWith("data:", StringComparison.Ordinal) && !response.Url.Contains("/delta"))
            {
                requests.Add(response);
            }
        };
        await fresh.GotoAsync("ui");
        await fresh.WaitForLoadStateAsync(LoadState.Load);

        requests.Count.ShouldBeLessThanOrEqualTo(6, string.Join('\n', requests.Select(r => r.Url)));
        var bytes = 0L;
        foreach (var response in requests)
        {
            bytes += (await response.Request.SizesAsync()).ResponseBodySize;
        }

        bytes.ShouldBeLessThanOrEqualTo(40 * 1024);
    }

    [Theory]
    [InlineData("ui", 20 * 1024)]
    [InlineData("ui/runs", 12 * 1024)]
    public async Task Html_is_small_when_compressed(string path, int maxBytes)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using var response = await Dashboard.Service.Client.SendAsync(request, Cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(Cancellation);

        response.Content.Headers.ContentEncoding.ShouldBe(["gzip"]);
        body.Length.ShouldBeLessThanOrEqualTo(maxBytes);
        await using var text = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
        using var reader = new StreamReader(text);
        (await reader.ReadToEndAsync(Cancellation)).ShouldContain("</html>");
    }

    [Theory]
    [InlineData(".js", 20 * 1024)]
    [InlineData(".css", 12 * 1024)]
    [InlineData(".svg", 6 * 1024)]
    public void Assets_are_small_when_compressed(string extension, int maxBytes)
    {
        var assembly = typeof(DashboardEndpoints).Assembly;
        var total = 0L;
        foreach (
            var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(extension, StringComparison.Ordinal))
        )
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var compressed = new MemoryStream();
            using (var brotli = new BrotliStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
            {
                stream.CopyTo(brotli);
            }

            total += compressed.Length;
        }

        total.ShouldBeInRange(1, maxBytes);
    }

    [Theory]
    [InlineData("/ui")]
    [InlineData("/ui/runs")]
    public async Task Page_is_shown_within_a_second_on_a_processor_four_times_slower(string path)
    {
        var (best, rate) = (new Paint(double.MaxValue, double.MaxValue, double.MaxValue), Slowdown);
        // What else the machine does makes a load slower, so the best one counts.
        for (var load = 0; load < MaxLoads && !best.IsFast; load++)
        {
            var page = await OpenAsync("/ui/settings");
            var session = await page.Context.NewCDPSessionAsync(page);
            var sample = await page.EvaluateAsync<double>(Sample);
            rate = Math.Clamp(Slowdown * SampleMilliseconds / sample, 1, Slowdown);
            await session.SendAsync("Emulation.setCPUThrottlingRate", new() { ["rate"] = rate });
            await page.AddInitScriptAsync(
                """
                window.seen = { lcp: 0, cls: 0, task: 0 };
                new PerformanceObserver(l => { for (const e of l.getEntries()) seen.lcp = e.startTime; })
                  .observe({ type: 'largest-contentful-paint', buffered: true });
                new PerformanceObserver(l => { for (const e of l.getEntries()) seen.cls += e.value; })
                  .observe({ type: 'layout-shift', buffered: true });
                new PerformanceObserver(l => {
                  seen.task = Math.max(seen.task, ...l.getEntries().map(e => e.duration));
                }).observe({ type: 'longtask', buffered: true });
                """
            );
            await page.GotoAsync(path.TrimStart('/'), new() { WaitUntil = WaitUntilState.Load });

            // The wait of Playwright for an expression evaluates it with eval, which the page does not allow.
            await Poll.UntilAsync(() => page.EvaluateAsync<bool>("seen.lcp > 0"), "The largest contentful paint");
            await page.EvaluateAsync("new Promise(done => requestIdleCallback(() => done()))");
            var seen = await page.EvaluateAsync<Paint>("({ Lcp: seen.lcp, Cls: seen.cls, Task: seen.task })");
            best = new(Math.Min(best.Lcp, seen.Lcp), Math.Min(best.Cls, seen.Cls), Math.Min(best.Task, seen.Task));

            // The slowdown of a page that stays open takes a processor from the next one.
            await page.Context.CloseAsync();
        }

        TestContext.Current.SendDiagnosticMessage($"{path}: {best} at {rate:F1}");
        best.IsFast.ShouldBeTrue($"{best} at {rate:F1}");
    }

    // With 1,500 changes a second, each event lists up to 200 of them, and the page shows 500 rows.
    // With more, events only have their number. The goal of the page is for those.
    [Theory]
    [InlineData(1_500, "Completed", 0.4)]
    [InlineData(20_000, "changes too many to list", 0.2)]
    public async Task Live_page_with_many_changes_leaves_the_main_thread_idle_and_responds(
        int rate,
        string shown,
        double maxShare
    )
    {
        // A tenant of its own, because the other tests read the runs of theirs.
        var token = Tokens.Make(tid: $"{Guid.NewGuid()}");
        var page = await OpenAsync("/ui/live", o => o.ExtraHTTPHeaders = [new("Authorization", $"Bearer {token}")]);
        await page.Locator("body[data-live=connected]").WaitForAsync();
        var session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("Performance.enable");
        var (minute, state) = (page.Locator("#minute"), page.Locator("#state"));

        using var writing = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var writer = WriteAsync(rate, token, writing.Token);
        await Assertions.Expect(minute).ToContainTextAsync(shown);
        var share = 1.0;

        // A task is longer while another program has the processor, so the best time counts.
        for (var i = 0; i < MaxObservations && share >= maxShare; i++)
        {
            var before = await ReadMetricsAsync(session);
            await Task.Delay(_observed, Cancellation);
            var after = await ReadMetricsAsync(session);
            var busy = after["TaskDuration"] - before["TaskDuration"];
            share = Math.Min(share, busy / (after["Timestamp"] - before["Timestamp"]));
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(state).ToHaveTextAsync("paused");
        await writing.CancelAsync();
        var written = await writer;

        TestContext.Current.SendDiagnosticMessage($"{written:F0} changes/s: the main thread is busy for {share:P1}");
        share.ShouldBeLessThan(maxShare);
    }

    private static async Task<Dictionary<string, double>> ReadMetricsAsync(ICDPSession session)
    {
        var answer = (await session.SendAsync("Performance.getMetrics"))!.Value;
        return answer
            .GetProperty("metrics")
            .EnumerateArray()
            .ToDictionary(m => m.GetProperty("name").GetString()!, m => m.GetProperty("value").GetDouble());
    }

    /// <summary>Reports runs in batches until it is canceled.</summary>
    /// <returns>The runs that were reported in each second.</returns>
    private async Task<double> WriteAsync(int rate, string token, CancellationToken cancellationToken)
    {
        var requests = Enumerable
            .Range(1, RunsOfBatch)
            .Select(n => new
            {
                id = $"{n}",
                method = "POST",
                url = "/process/runs/$ref",
                headers = new Dictionary<string, string> { ["Content-Type"] = "application/json" },
                body = new
                {
                    displayName = "One of many",
                    startDateTime = "2026-01-01T00:00:00Z",
                    endDateTime = "2026-01-01T00:10:00Z",
                    status = "completed",
                    statistics = new
                    {
                        inboundTotals = new
                        {
                            people = 100,
                            errors = 0,
                            warnings = 0,
                        },
                    },
                },
            });
        var body = JsonSerializer.Serialize(new { requests });
        var (begin, written) = (Stopwatch.GetTimestamp(), 0);
        await Task.WhenAll(
            Enumerable
                .Range(0, Writers)
                .Select(async _ =>
                {
                    while (!cancellationToken.IsCancellationRequested)
                    {
                        using var request = new HttpRequestMessage(HttpMethod.Post, "$batch")
                        {
                            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
                            Content = new StringContent(body, Encoding.UTF8, "application/json"),
                        };
                        using var response = await Dashboard.Service.Client.SendAsync(request, Cancellation);
                        response.StatusCode.ShouldBe(HttpStatusCode.OK);
                        var early = Interlocked.Add(ref written, RunsOfBatch) / (double)rate;
                        var pause = TimeSpan.FromSeconds(early) - Stopwatch.GetElapsedTime(begin);
                        if (pause > TimeSpan.Zero)
                        {
                            await Task.Delay(pause, cancellationToken)
                                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                        }
                    }
                })
        );
        return written / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private sealed record Paint(double Lcp, double Cls, double Task)
    {
        public Paint()
            : this(0, 0, 0) { }

        // The goals of the pages, in milliseconds. A layout shift has no unit.
        public bool IsFast => Lcp <= 1_000 && Cls <= 0.02 && Task <= 50;
    }
}
