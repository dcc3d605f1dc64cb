using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Telemetry;

/// <summary>Reads the metrics page as Prometheus does, and with Prometheus itself.</summary>
[Collection(typeof(SerialTests))]
public sealed partial class MetricsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Added = 7;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prometheus_accepts_the_page_and_counts_the_runs_that_were_added()
    {
        Assert.SkipUnless(
            Find("promtool") is not null && Find("prometheus") is not null,
            "Prometheus is not installed. Install the package prometheus, or set CI=true."
        );
        var url = $"http://127.0.0.1:{EmbeddedServer.FreePort()}";
        await using var service = await StartAsync(url);
        await UseAsync(service);
        var page = await PageAsync(url);

        var (exitCode, output) = await RunAsync(Find("promtool")!, ["check", "metrics"], page);
        exitCode.ShouldBe(0, output);
        (await QueryAsync(url, "sum(industrydata_runs_added_total)")).ShouldBe(Added);

        // The limits of the buckets fit the durations.
        InSeconds().Match(page).Groups["commits"].Value.ShouldBe($"{Added}");
    }

    [Fact]
    public async Task Dashboard_of_Grafana_names_only_metrics_of_the_page()
    {
        var url = $"http://127.0.0.1:{EmbeddedServer.FreePort()}";
        await using var service = await StartAsync(url);
        await UseAsync(service);

        // The first step of the maintenance ends in the background.
        var page = "";
        await Poll.UntilAsync(
            async () =>
                (page = await PageAsync(url)).Contains(
                    "industrydata_maintenance_duration_seconds",
                    StringComparison.Ordinal
                ),
            "A measurement of the maintenance"
        );
        var names = TypeLine()
            .Matches(page)
            .SelectMany(m => Series(m.Groups["name"].Value, m.Groups["type"].Value))
            .ToHashSet();
        var dashboard = JsonSerializer.Deserialize<JsonElement>(
            await File.ReadAllTextAsync(Repository.PathOf("deploy/grafana/industrydata.json"), Cancellation)
        );
        var queries = dashboard
            .GetProperty("panels")
            .EnumerateArray()
            .SelectMany(p => p.GetProperty("targets").EnumerateArray())
            .Select(t => t.Text("expr")!)
            .ToList();

        queries.Count.ShouldBeGreaterThan(10);

        // An outage and a lock wait have no series before the first one, and a service without standbys has no lag.
        var named = queries
            .SelectMany(q => MetricName().Matches(Grouping().Replace(q, "")))
            .Select(m => m.Value)
            .Distinct()
            .ToList();
        named
            .Except(names)
            .ShouldBeSubsetOf([
                "industrydata_database_outages_total",
                "industrydata_commit_lock_waits_total",
                "industrydata_standby_lag_seconds",
            ]);
    }

    [Fact]
    public async Task Page_is_served_only_on_its_own_address_and_serves_nothing_else()
    {
        var url = $"http://127.0.0.1:{EmbeddedServer.FreePort()}";
        await using var service = await StartAsync(url);
        using var scraper = new HttpClient();

        (await scraper.GetAsync($"{url}/metrics", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await scraper.GetAsync($"{url}/process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await service.Client.GetAsync("metrics", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Metrics_contain_neither_tenants_nor_connection_strings()
    {
        var url = $"http://127.0.0.1:{EmbeddedServer.FreePort()}";
        await using var service = await StartAsync(url);
        await UseAsync(service);
        var page = await PageAsync(url);

        page.ShouldNotContain($"{Tokens.Tenant}");
        page.ShouldNotContain("Host=");
        page.ShouldContain("db_client_connection_pool_name=\"commits\"");
    }

    // Services in one process share their metrics, so that the service has a process of its own.
    private Task<ServiceProcess> StartAsync(string url) =>
        ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", database.ConnectionString),
            ("Metrics__Url", url)
        );

    private static async Task UseAsync(ServiceProcess service)
    {
        for (var i = 0; i < Added; i++)
        {
            (await service.Client.PostAsync("process/runs", Bodies.Json(Bodies.Run), Cancellation)).StatusCode.ShouldBe(
                HttpStatusCode.Created
            );
        }

        (await service.Client.GetAsync("process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<string> PageAsync(string url)
    {
        using var scraper = new HttpClient();
        return await scraper.GetStringAsync($"{url}/metrics", Cancellation);
    }

    /// <summary>Starts Prometheus, and asks until the query has a result.</summary>
    private static async Task<double> QueryAsync(string url, string query)
    {
        using var folder = new TemporaryDirectory();
        var configuration = Path.Combine(folder.Path, "prometheus.yml");
        await File.WriteAllTextAsync(
            configuration,
            $$"""
            global: { scrape_interval: 1s }
            scrape_configs:
              - job_name: industrydata
                static_configs: [{ targets: ["{{new Uri(url).Authority}}"] }]
            """,
            Cancellation
        );
        var address = $"127.0.0.1:{EmbeddedServer.FreePort()}";
        var start = new ProcessStartInfo(
            Find("prometheus")!,
            [
                $"--config.file={configuration}",
                $"--storage.tsdb.path={Path.Combine(folder.Path, "data")}",
                $"--web.listen-address={address}",
                "--log.level=error",
            ]
        );
        using var prometheus = Process.Start(start)!;
        try
        {
            using var client = new HttpClient();
            double? result = null;
            await Poll.UntilAsync(
                async () =>
                {
                    try
                    {
                        var answer = await client.GetFromJsonAsync<JsonElement>(
                            $"http://{address}/api/v1/query?query={Uri.EscapeDataString(query)}",
                            Cancellation
                        );
                        var series = answer.GetProperty("data").GetProperty("result");
                        result =
                            series.GetArrayLength() > 0
                                ? double.Parse(
                                    series[0].GetProperty("value")[1].GetString()!,
                                    System.Globalization.CultureInfo.InvariantCulture
                                )
                                : null;
                    }
                    catch (HttpRequestException)
                    {
                        // Prometheus does not listen yet.
                    }

                    return result is not null;
                },
                "A scrape of the page"
            );
            return result!.Value;
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync(Cancellation);
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, string input)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = process.StandardError.ReadToEndAsync(Cancellation);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, await output + await errors);
    }

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static IEnumerable<string> Series(string name, string type) =>
        type == "histogram" ? [$"{name}_bucket", $"{name}_sum", $"{name}_count"] : [name];

    [GeneratedRegex("^# TYPE (?<name>[a-z_]+) (?<type>[a-z]+)", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(
        "^industrydata_commit_duration_seconds_bucket{.*lane=\"insert\".*le=\"10\"} (?<commits>[0-9]+)",
        RegexOptions.Multiline
    )]
    private static partial Regex InSeconds();

    [GeneratedRegex(@"by \([^)]*\)")]
    private static partial Regex Grouping();

    [GeneratedRegex("(industrydata|http|kestrel|db_client|dotnet)_[a-z_]+")]
    private static partial Regex MetricName();
}
