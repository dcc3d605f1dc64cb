using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Cli;

/// <summary>Tests of <c>import</c>, in a process of its own, beside a running service.</summary>
public sealed class ImportTests(TestDatabase database) : FunctionalTest(database), IDisposable
{
    private const string Runs = "beta/process/runs";

    private static readonly JsonSerializerOptions _readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly TemporaryDirectory _files = new();

    private string Lines => Path.Combine(_files.Path, "runs.ndjson");

    private string Refused => Path.Combine(_files.Path, "refused.ndjson");

    private static Guid Other => Tokens.OtherTenant;

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Imported_ledger_equals_one_that_requests_filled()
    {
        string[] lines = [.. Bodies.SharedRuns().Take(400), .. WithActivities(20)];
        await File.WriteAllLinesAsync(Lines, lines, Cancellation);
        foreach (var line in lines)
        {
            await AddAsync(line);
        }

        using var other = Service.Authorized(Tokens.Make(tid: $"{Other}"));
        var before = await LatestAsync(other);

        (await ShouldSucceedAsync("--database", "--tenant", $"{Other}", Lines)).ShouldContain(
            $"{lines.Length} lines: {lines.Length} runs added, 0 lines refused"
        );

        (await ContentAsync(other)).ShouldBe(await ContentAsync(Client));
        (await StatisticsAsync(other)).ShouldBe(await StatisticsAsync(Client));
        foreach (var filter in (string[])["", "status eq 'failed'", "status eq 'running'", "contains(displayName,'a')"])
        {
            (await CountAsync(other, filter)).ShouldBe(await CountAsync(Client, filter), filter);
        }

        (await CountsAsync(Other)).ShouldBe(await CountsAsync(Tokens.Tenant));
        (await ChangesAsync(other, before)).Count.ShouldBe(lines.Length);
    }

    [Fact]
    public async Task Repeated_import_adds_nothing_and_a_longer_file_only_its_new_lines()
    {
        await File.WriteAllLinesAsync(Lines, Numbered(0, 10_050), Cancellation);
        await ShouldSucceedAsync("--database", Lines, "--tenant", $"{Tokens.Tenant}");
        await ShouldHaveAsync(10_050);

        (await ShouldSucceedAsync("--database", Lines, "--tenant", $"{Tokens.Tenant}")).ShouldContain(
            "10,050 lines: 0 runs added, 0 lines refused, 10,050 lines done before"
        );
        await ShouldHaveAsync(10_050);

        await File.AppendAllLinesAsync(Lines, Numbered(10_050, 70), Cancellation);
        (await ShouldSucceedAsync("--database", Lines, "--tenant", $"{Tokens.Tenant}")).ShouldContain(
            "10,120 lines: 70 runs added, 0 lines refused, 10,050 lines done before"
        );
        await ShouldHaveAsync(10_120);

        string[] again = ["--database", Lines, "--tenant", $"{Tokens.Tenant}", "--label", "again"];
        (await ShouldSucceedAsync(again)).ShouldContain("10,120 runs added");
        await ShouldHaveAsync(20_240);
    }

    [Fact]
    public async Task Killed_import_goes_on_where_it_was_killed()
    {
        const int count = 45_000;
        await File.WriteAllLinesAsync(Lines, Numbered(0, count), Cancellation);
        var link = await LatestAsync(Client);
        for (var kill = 1; kill <= 3; kill++)
        {
            var least = kill * 10_000;
            using var import = Start("--database", Lines, "--tenant", $"{Tokens.Tenant}");
            await Poll.UntilAsync(
                async () => await Database.ReadAsync<long>("SELECT count(*) FROM runs") >= least || import.HasExited,
                "The portion"
            );
            import.Kill();
            await import.WaitForExitAsync(Cancellation);
        }

        var output = await ShouldSucceedAsync("--database", Lines, "--tenant", $"{Tokens.Tenant}");

        output.ShouldContain("lines done before");
        await ShouldHaveAsync(count);
        (await Database.ReadAsync<long>("SELECT count(DISTINCT display_name) FROM runs")).ShouldBe(count);
        (await ChangesAsync(Client, link)).Count.ShouldBe(count);
    }

    [Fact]
    public async Task Lines_are_refused_with_the_errors_of_requests()
    {
        var bodies = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Data", "bad-runs.ndjson"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetProperty("status").GetInt32() == 400)
            .Select(line => line.Text("body"))
            .Where(body => !body.Contains('\n', StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(body))
            .ToList();
        await File.WriteAllLinesAsync(Lines, [Bodies.RunAt(0), .. bodies, Bodies.RunAt(1)], Cancellation);

        var (code, output, _) = await RunAsync("--database", Lines, "--refused", Refused);

        code.ShouldBe(1);
        output.ShouldContain($"{bodies.Count + 2} lines: 2 runs added, {bodies.Count} lines refused");
        var refused = await ReadRefusedAsync();
        refused.Select(r => r.GetProperty("line").GetInt32()).ShouldBe(Enumerable.Range(2, bodies.Count));
        for (var i = 0; i < bodies.Count; i++)
        {
            using var response = await Client.PostAsync($"{Runs}/$ref", Bodies.Json(bodies[i]), Cancellation);
            var error = (await response.JsonAsync()).GetProperty("error");
            var expected = error.TryGetProperty("details", out var details)
                ? details.EnumerateArray().Select(d => d.GetRawText())
                : [Detail(error)];
            refused[i].GetProperty("errors").EnumerateArray().Select(d => d.GetRawText()).ShouldBe(expected, bodies[i]);
        }

        // A repetition writes the refused lines again, so that no interruption hides any.
        File.Delete(Refused);
        (await RunAsync("--database", Lines, "--refused", Refused)).ExitCode.ShouldBe(1);
        (await ReadRefusedAsync()).Select(r => r.GetRawText()).ShouldBe(refused.Select(r => r.GetRawText()));
    }

    [Fact]
    public async Task Line_over_the_limit_of_a_body_is_refused_and_the_others_are_added()
    {
        var large = Bodies.RunAt(0, new string('x', 3 * 1024 * 1024));
        await File.WriteAllTextAsync(
            Lines,
            $"\uFEFF{Bodies.RunAt(1)}\r\n\r\n{large}\r\n{Bodies.RunAt(2)}\n{large}",
            Cancellation
        );

        var (code, output, _) = await RunAsync(
            "--database",
            Lines,
            "--refused",
            Refused,
            "--tenant",
            $"{Tokens.Tenant}"
        );

        code.ShouldBe(1);
        output.ShouldContain("4 lines: 2 runs added, 2 lines refused");
        (await ReadRefusedAsync()).Select(r => r.GetProperty("line").GetInt32()).ShouldBe([3, 5]);
        await ShouldHaveAsync(2);
    }

    [Fact]
    public async Task Import_stops_after_the_portion_with_too_many_errors()
    {
        await File.WriteAllLinesAsync(Lines, [.. Enumerable.Repeat("{}", 3), .. Numbered(0, 25_000)], Cancellation);

        var (code, _, errors) = await RunAsync(
            "--database",
            Lines,
            "--max-errors",
            "2",
            "--refused",
            Refused,
            "--tenant",
            $"{Tokens.Tenant}"
        );

        code.ShouldBe(1);
        errors.ShouldContain("because more than 2 lines were refused");
        await ShouldHaveAsync(9_997);
    }

    [Fact]
    public async Task Key_of_a_line_is_the_key_of_a_request()
    {
        var keyed = WithKey(Bodies.RunAt(0, "first"), "job 1");
        using (var request = new HttpRequestMessage(HttpMethod.Post, $"{Runs}/$ref") { Content = Bodies.Json(keyed) })
        {
            request.Headers.Add("Idempotency-Key", "job 1");
            using var response = await Client.SendAsync(request, Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }

        await File.WriteAllLinesAsync(
            Lines,
            [
                keyed,
                WithKey(Bodies.RunAt(0, "other"), "job 1"),
                WithKey(Bodies.RunAt(0, "second"), "job 2"),
                WithKey(Bodies.RunAt(0, "second"), "job 2"),
                WithKey(Bodies.RunAt(0, "third"), "job 2"),
                WithKey(Bodies.RunAt(0, "fourth"), ""),
            ],
            Cancellation
        );

        var (_, output, _) = await RunAsync("--database", Lines, "--refused", Refused, "--tenant", $"{Tokens.Tenant}");

        output.ShouldContain("6 lines: 1 runs added, 3 lines refused, 2 keys used before");
        (await ReadRefusedAsync())
            .Select(r => (r.GetProperty("line").GetInt32(), r.GetProperty("errors")[0].Text("code")))
            .ShouldBe([(2, "idempotencyKeyReused"), (5, "idempotencyKeyReused"), (6, "invalidIdempotencyKey")]);
        await ShouldHaveAsync(2);
    }

    [Fact]
    public async Task Delta_misses_no_run_that_an_import_adds_beside_requests()
    {
        await File.WriteAllLinesAsync(Lines, Numbered(0, 30_000), Cancellation);
        var (link, seen, posted) = (await LatestAsync(Client), new HashSet<string>(), 0);
        using var import = Start("--database", Lines, "--tenant", $"{Tokens.Tenant}");
        var output = import.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = import.StandardError.ReadToEndAsync(Cancellation);
        while (!import.HasExited)
        {
            await AddAsync(Bodies.RunAt(posted, "by a request"));
            posted++;
            link = await FollowAsync(Client, link, seen);
        }

        await FollowAsync(Client, link, seen);

        (await output).ShouldContain("30,000 runs added", customMessage: await errors);
        posted.ShouldBeGreaterThan(0);
        seen.Count.ShouldBe(30_000 + posted);
        await ShouldHaveAsync(30_000 + posted);
    }

    [Fact]
    public async Task Import_over_the_interface_adds_each_line_once()
    {
        string[] lines = [.. Numbered(0, 120), "{}", WithKey(Bodies.RunAt(1, "keyed"), "job 1")];
        await File.WriteAllLinesAsync(Lines, lines, Cancellation);
        string[] arguments = ["--url", $"{Service.Root}beta", "--refused", Refused, Lines];

        for (var repetition = 0; repetition < 2; repetition++)
        {
            var (code, output, errors) = await RunAsync(arguments, ("INDUSTRYDATA_TOKEN", Tokens.Make()));

            code.ShouldBe(1, errors);
            output.ShouldContain("122 lines: 121 runs added, 1 lines refused");
            var refused = (await ReadRefusedAsync()).ShouldHaveSingleItem();
            refused.GetProperty("line").GetInt32().ShouldBe(121);
            refused
                .GetProperty("errors")
                .EnumerateArray()
                .Select(e => e.Text("target"))
                .ShouldBe(["displayName", "startDateTime", "endDateTime", "status", "statistics"], ignoreOrder: true);
            await ShouldHaveAsync(121);
        }
    }

    [Fact]
    public async Task Compressed_file_and_standard_input_are_the_same_lines()
    {
        var text = string.Join('\n', Numbered(0, 100));
        var compressed = Path.Combine(_files.Path, "runs.ndjson.gz");
        await using (var gzip = new GZipStream(File.Create(compressed), CompressionLevel.Fastest))
        await using (var writer = new StreamWriter(gzip))
        {
            await writer.WriteAsync(text);
        }

        await ShouldSucceedAsync("--database", compressed, "--tenant", $"{Tokens.Tenant}");
        await ShouldHaveAsync(100);

        using var import = Process.Start(
            new ProcessStartInfo(
                "dotnet",
                [
                    Path.Combine(AppContext.BaseDirectory, "IndustryData.WebApi.dll"),
                    "import",
                    "--database",
                    "-",
                    "--tenant",
                    $"{Tokens.Tenant}",
                ]
            )
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                Environment = { ["ConnectionStrings__IndustryData"] = Database.ConnectionString },
            }
        )!;
        await import.StandardInput.WriteAsync(text);
        import.StandardInput.Close();
        (await import.StandardOutput.ReadToEndAsync(Cancellation)).ShouldContain("100 lines done before");
        await import.WaitForExitAsync(Cancellation);
        import.ExitCode.ShouldBe(0);
        await ShouldHaveAsync(100);
    }

    [Theory]
    [InlineData("usage: import")]
    [InlineData("usage: import", "--database")]
    [InlineData("usage: import", "-", "-", "--database")]
    [InlineData("usage: import", "x", "--database", "--url", "http://127.0.0.1:1")]
    [InlineData("--tenant must be a GUID", "x", "--database", "--tenant", "1")]
    [InlineData("--max-errors must be a whole number", "x", "--database", "--max-errors", "-1")]
    [InlineData("add --database to write to it", "x")]
    [InlineData("/none/x cannot be read", "/none/x", "--database")]
    public async Task Import_that_cannot_run_says_why(string message, params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(arguments);

        (code, output).ShouldBe((1, ""));
        errors.ShouldContain(message);
    }

    [Fact]
    public async Task Import_with_a_token_that_may_not_write_says_so()
    {
        await File.WriteAllLinesAsync(Lines, Numbered(0, 1), Cancellation);

        var (code, _, errors) = await RunAsync(
            ["--url", $"{Service.Root}", Lines],
            ("INDUSTRYDATA_TOKEN", Tokens.Make(tid: null))
        );

        code.ShouldBe(1);
        errors.ShouldContain("the token must be valid, and allow to write runs");
    }

    private static IEnumerable<string> Numbered(int first, int count) =>
        Enumerable.Range(first, count).Select(i => Bodies.RunAt(i, $"run {i}"));

    private static IEnumerable<string> WithActivities(int count) =>
        Enumerable
            .Range(0, count)
            .Select(i =>
                $$$"""
                    {"displayName":"with activities {{{i}}}","startDateTime":"2026-02-01T00:00:{{{i:00}}}Z",
                    "endDateTime":"2026-02-01T01:00:00Z","status":"failed","statistics":{"own":[1.50,{{{i}}}]},
                    "blockingError":{"code":"diskFull","message":"x","target":null},"activities":[
                    {"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"a",
                    "status":"completed",
                    "activity":{"@odata.type":"#microsoft.graph.industryData.inboundFileFlow","id":"f{{{i}}}",
                    "displayName":"Classes","readinessStatus":"ready"}},
                    {"@odata.type":"#microsoft.graph.industryData.outboundFlowActivity","displayName":"b",
                    "status":"failed",
                    "blockingError":{"code":"diskFull","message":"y"}}]}
                    """.ReplaceLineEndings("")
            );

    private static string WithKey(string body, string key) =>
        "{\"@industryData.idempotencyKey\":\"" + key + "\"," + body.TrimStart()[1..];

    private static string Detail(JsonElement error) =>
        JsonSerializer.Serialize(
            new
            {
                code = error.GetProperty("innerError").Text("code"),
                message = error.Text("message"),
                target = (string?)null,
            },
            _readable
        );

    private static async Task<Uri> LatestAsync(HttpClient client) =>
        new(
            (await client.GetJsonAsync(new Uri(client.BaseAddress!, $"{Runs}/delta?$deltatoken=latest"))).Text(
                "@odata.deltaLink"
            )
        );

    private static async Task<HashSet<string>> ChangesAsync(HttpClient client, Uri link)
    {
        var seen = new HashSet<string>();
        await FollowAsync(client, link, seen);
        return seen;
    }

    private static async Task<Uri> FollowAsync(HttpClient client, Uri link, HashSet<string> seen)
    {
        while (true)
        {
            var page = await client.GetJsonAsync(link);
            seen.UnionWith(page.GetProperty("value").EnumerateArray().Select(item => item.Text("id")));
            if (page.TryGetProperty("@odata.deltaLink", out var end))
            {
                return new Uri(end.GetString()!);
            }

            link = new Uri(page.Text("@odata.nextLink"));
        }
    }

    private static async Task<int> CountAsync(HttpClient client, string filter) =>
        int.Parse(
            await client.GetStringAsync(
                $"{Runs}/$count" + (filter.Length > 0 ? $"?$filter={Uri.EscapeDataString(filter)}" : ""),
                Cancellation
            ),
            null
        );

    /// <summary>Reads all runs with their activities, without what the service assigns.</summary>
    private static async Task<List<string>> ContentAsync(HttpClient client)
    {
        var runs = new List<string>();
        var link = new Uri(
            client.BaseAddress!,
            $"{Runs}?$expand=activities&$select=displayName,startDateTime,endDateTime,status,blockingError,statistics"
        );
        while (true)
        {
            var page = await client.GetJsonAsync(link);
            foreach (var run in page.GetProperty("value").EnumerateArray())
            {
                var members = run.EnumerateObject()
                    .Where(m => m.Name is not "id" and not "activities")
                    .Select(m => $"{m.Name}={m.Value.GetRawText()}");
                var activities = run.GetProperty("activities")
                    .EnumerateArray()
                    .Select(a =>
                        string.Join(
                            ';',
                            a.EnumerateObject().Where(m => m.Name != "id").Select(m => m.Value.GetRawText())
                        )
                    );
                runs.Add(string.Join('|', members.Concat(activities)));
            }

            if (!page.TryGetProperty("@odata.nextLink", out var next))
            {
                runs.Sort(StringComparer.Ordinal);
                return runs;
            }

            link = new Uri(next.GetString()!);
        }
    }

    private static async Task<string> StatisticsAsync(HttpClient client) =>
        (await client.GetJsonAsync(new Uri(client.BaseAddress!, $"{Runs}/getStatistics()")))
            .GetProperty("inboundTotals")
            .GetRawText();

    private Task<string> CountsAsync(Guid tenant) =>
        Database.ReadAsync<string>(
            $"""
            SELECT string_agg(concat_ws(' ', quarter, status, number), '; ' ORDER BY quarter, status) FROM (
                SELECT quarter, status, sum(count) AS number FROM run_counts WHERE tenant_id = '{tenant}'
                GROUP BY quarter, status) AS counts
            """
        );

    private async Task ShouldHaveAsync(int runs)
    {
        (await Database.ReadAsync<long>($"SELECT count(*) FROM runs WHERE tenant_id = '{Tokens.Tenant}'")).ShouldBe(
            runs
        );
        (await CountAsync(Client, "")).ShouldBe(runs);
    }

    private async Task<List<JsonElement>> ReadRefusedAsync() =>
        [.. (await File.ReadAllLinesAsync(Refused, Cancellation)).Select(l => JsonDocument.Parse(l).RootElement)];

    private Process Start(params string[] arguments)
    {
        SkipOnDistributedTables(arguments);
        return ServiceProcess.StartCommand(
            ["import", .. arguments],
            ("ConnectionStrings__IndustryData", Database.ConnectionString)
        );
    }

    private void SkipOnDistributedTables(string[] arguments) =>
        Assert.SkipWhen(
            Database.IsDistributed && arguments.Contains("--database"),
            "The import into distributed tables goes through a service."
        );

    private async Task<string> ShouldSucceedAsync(params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(arguments);
        code.ShouldBe(0, errors);
        return output;
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        SkipOnDistributedTables(arguments);
        return RunAsync(arguments, ("ConnectionStrings__IndustryData", Database.ConnectionString));
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string[] arguments,
        params (string, string)[] settings
    ) => ServiceProcess.RunAsync(["import", .. arguments], settings);
}
