using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.Loading;
using IndustryData.Domain.Runs;

namespace IndustryData.Benchmarks.Pages;

/// <summary>The measurements of the pages of the dashboard, with their goals.</summary>
/// <param name="postgres">The server.</param>
internal sealed class PageComparisons(PrivatePostgres postgres)
{
    /// <summary>The name for <c>--only</c>.</summary>
    public const string Name = "pages";

    private const string Runs = "/ui/runs";
    private const int RunsOnPage = 50;
    private const int MostSteps = 1000;
    private const int Activities = 1000;
    private const int MostInDownload = 1_000_000;

    private const string FirstPage = "Runs, first page";
    private const string Activity = "Run with 1,000 activities";
    private const string Overview = "Overview";
    private const string Trends = "Trends";
    private const string Timeline = "Timeline, 24 hours";
    private const string Download = "CSV";

    /// <summary>Creates the measurements of all pages. It adds a run with activities.</summary>
    public async Task<Comparison> PagesAsync(Systems systems, int rows, CancellationToken cancellationToken)
    {
        using var client = new PageClient(systems.Service);
        var run = await AddRunAsync(client, systems.Service.Database, cancellationToken);
        await RunCounts.WaitForHoursAsync(systems.Service.Database, cancellationToken);
        var steps = Math.Min(rows / RunsOnPage / 2, MostSteps);
        var deep = $"Runs, page {steps + 1:N0}";
        PageContender Page(string name, string path, string text, int times = 1) =>
            new(name, systems.Service, postgres, path, text, times) { IsService = true };

        return new Comparison(
            Name,
            "A page of the dashboard, requested by one reader, compressed",
            [
                Page(FirstPage, Runs, "<tr data-run=", RunsOnPage),
                Page(deep, await client.FollowAsync(Runs, steps, cancellationToken), "<tr data-run=", RunsOnPage),
                Page($"{Overview}, 24h", "/ui?range=24h", "<tr data-run="),
                Page($"{Overview}, 30d", "/ui?range=30d", "<tr data-run="),
                Page($"{Overview}, 1y", "/ui?range=1y", "<tr data-run="),
                Page(Activity, $"/ui/runs/{run}", "Classes ", RunsOnPage),
                Page(Timeline, "/ui/timeline", "<main"),
                Page($"{Trends}, 30d", "/ui/trends?range=30d", "<main"),
                Page($"{Trends}, 1y", "/ui/trends?range=1y", "<main"),
            ],
            [
                new Goal($"{FirstPage}, p50", "ms", o => o.Of(FirstPage).Select(m => m.P50), AtMost: 8),
                new Goal($"{FirstPage}, p99", "ms", o => o.Of(FirstPage).Select(m => m.P99), AtMost: 25),
                new Goal(
                    $"p50 of {deep} ÷ p50 of the first",
                    "×",
                    o => o.Each(deep, FirstPage, (a, b) => a.P50 / b.P50),
                    AtMost: 1.2
                ),
                P95($"{Overview}, 24h", 30),
                P95($"{Overview}, 30d", 60),
                P95($"{Overview}, 1y", 100),
                P95(Activity, 40),
                P95(Timeline, 80),
                P95($"{Trends}, 30d"),
                P95($"{Trends}, 1y"),
                Size(FirstPage, 12),
                Size($"{Overview}, 24h", 20),
                Size($"{Overview}, 30d", 20),
                Size($"{Overview}, 1y", 20),
                Size(Activity),
                Size(Timeline),
                Size($"{Trends}, 30d"),
                Size($"{Trends}, 1y"),
                new Goal(
                    PageContender.Incomplete,
                    "",
                    o => [o.Comparison.Contenders.Sum(c => o.Of(c.Name).Sum(m => m.Figures[PageContender.Incomplete]))],
                    AtMost: 0
                ),
            ]
        );
    }

    /// <summary>Creates the measurement of the download.</summary>
    public async Task<Comparison> DownloadAsync(Systems systems, CancellationToken cancellationToken)
    {
        var stored = await systems.Service.Database.ReadAsync<long>(
            $"SELECT count(*) FROM runs WHERE tenant_id = '{Systems.Tenant}'",
            cancellationToken
        );
        var rows = (int)Math.Min(stored, MostInDownload);
        return new Comparison(
            "csv",
            $"The download of {rows:N0} runs as CSV, compressed; per second: runs",
            [new DownloadContender(Download, systems.Service, postgres, "/ui/runs.csv", rows) { IsService = true }],
            [
                new Goal($"{rows:N0} runs", "ms", o => o.Of(Download).Select(m => m.P50), AtMost: 60_000),
                new Goal(
                    DownloadContender.AddedMegabytes,
                    "MB",
                    o => o.Of(Download).Select(m => m.Figures[DownloadContender.AddedMegabytes]),
                    AtMost: 32
                ),
            ]
        );
    }

    private static Goal P95(string page, double? atMost = null) =>
        new($"{page}, p95", "ms", o => o.Of(page).Select(m => m.P95), AtMost: atMost);

    private static Goal Size(string page, double? atMost = null) =>
        new(
            $"{page}, compressed",
            "KB",
            o => o.Of(page).Select(m => m.Figures[PageContender.Kilobytes]),
            AtMost: atMost
        );

    private static async Task<string> AddRunAsync(
        PageClient client,
        RunDatabase database,
        CancellationToken cancellationToken
    )
    {
        // Only a running run takes activities.
        var run = SampleRun.Of(0, DateTimeOffset.UtcNow) with
        {
            Status = RunStatus.Running,
            EndDateTime = null,
        };
        var path = await client.AddAsync("/process/runs", run.Body, cancellationToken);
        database.Expect(1);
        for (var number = 0; number < Activities; number++)
        {
            var activity = $$$"""
                {
                    "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity",
                    "displayName": "Classes {{{number}}}",
                    "status": "completed",
                    "activity": {
                        "@odata.type": "#microsoft.graph.industryData.inboundFileFlow",
                        "id": "f{{{number}}}",
                        "displayName": "Classes from SIS",
                        "readinessStatus": "ready"
                    }
                }
                """;
            await client.AddAsync($"{path}/activities", activity, cancellationToken);
        }

        return path[(path.LastIndexOf('/') + 1)..];
    }
}
