using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Cli;

/// <summary>Tests of <c>archive</c>, in a process of its own, beside a running service.</summary>
public sealed class ArchiveTests(TestDatabase database) : FunctionalTest(database), IDisposable
{
    protected override string? OnlyOnOneServer => "An archive needs the tables on one server.";

    // Runs are moved into this quarter, as if they had been added then.
    private const string Quarter = "2025q1";

    private readonly TemporaryDirectory _files = new();

    private string Folder => Path.Combine(_files.Path, "archive");

    private string Archive => Path.Combine(Folder, Quarter);

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("quarter", Quarter)]
    [InlineData("month", "2025m02")]
    [InlineData("day", "20250201")]
    public async Task Archived_and_dropped_runs_are_imported_into_another_ledger_as_they_were(
        string width,
        string partition
    )
    {
        await DropPartitionsAsync();
        await FillAsync(60, Tokens.Tenant, width);
        await FillAsync(3, Tokens.OtherTenant, width);
        var young = await AddAsync(Bodies.RunAt(0, "young"));
        var before = await ContentAsync(Client, exceptId: young.Segments[^1]);

        (await ShouldSucceedAsync("archive", "--before", "2025-04-01", "--to", Folder, "--drop")).ShouldContain(
            "The archive is complete: 1 partitions with 63 runs"
        );

        (await Client.GetStringAsync("process/runs/$count", Cancellation)).ShouldBe("1");
        (await Database.ReadAsync<bool>($"SELECT to_regclass('runs_{partition}_expired') IS NULL")).ShouldBeTrue();
        (await Database.ReadAsync<long>("SELECT count(*) FROM expired_partitions")).ShouldBe(0);
        var empty = await Database.CreateMigratedDatabaseAsync();
        await using var other = await RunningService.StartAsync(empty);
        var (code, output, errors) = await ServiceProcess.RunAsync(
            [
                "import",
                "--database",
                Path.Combine(Folder, partition, $"{Tokens.Tenant}.ndjson.gz"),
                "--tenant",
                $"{Tokens.Tenant}",
            ],
            ("ConnectionStrings__IndustryData", empty)
        );

        code.ShouldBe(0, errors);
        output.ShouldContain("60 lines: 60 runs added, 0 lines refused");
        (await ContentAsync(other.Client)).ShouldBe(before);
    }

    [Fact]
    public async Task Manifest_has_the_counts_and_hashes_of_the_files()
    {
        await FillAsync(5, Tokens.Tenant);

        await ShouldSucceedAsync("archive", "--before", "2025-04-01", "--to", Folder);

        var manifest = await ReadManifestAsync(Archive);
        manifest.GetProperty("contents").GetProperty("runs").GetInt32().ShouldBe(5);
        manifest.GetProperty("contents").GetProperty("activities").GetInt32().ShouldBe(10);
        var file = manifest.GetProperty("files").EnumerateArray().ShouldHaveSingleItem();
        var path = Path.Combine(Archive, file.Text("name"));
        var bytes = await File.ReadAllBytesAsync(path, Cancellation);
        file.Text("sha256").ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        (file.GetProperty("runs").GetInt32(), file.GetProperty("bytes").GetInt32()).ShouldBe((5, bytes.Length));
        (await ReadLinesAsync(path)).Count.ShouldBe(5);
        Directory.GetFileSystemEntries(Folder).ShouldBe([Archive]);
        (await Client.GetStringAsync("process/runs/$count", Cancellation)).ShouldBe("5");
    }

    [Fact]
    public async Task Finished_archive_is_kept_and_changed_runs_are_archived_beside_it()
    {
        await FillAsync(5, Tokens.Tenant);
        string[] arguments = ["archive", "--before", "2025-04-01", "--to", Folder];
        await ShouldSucceedAsync(arguments);
        var first = await File.ReadAllBytesAsync(Path.Combine(Archive, "manifest.json"), Cancellation);

        (await ShouldSucceedAsync(arguments)).ShouldContain("1 of them from before");

        (await File.ReadAllBytesAsync(Path.Combine(Archive, "manifest.json"), Cancellation)).ShouldBe(first);
        var id = await Database.ReadAsync<Guid>("SELECT id FROM runs LIMIT 1");
        using (
            var patch = await Client.PatchAsync(
                $"process/runs/{id}",
                Bodies.Json("""{"displayName":"changed"}"""),
                Cancellation
            )
        )
        {
            patch.IsSuccessStatusCode.ShouldBeTrue();
        }

        (await ShouldSucceedAsync([.. arguments, "--drop"])).ShouldContain("0 of them from before, 1 dropped");

        var lines = await ReadLinesAsync(Path.Combine(Folder, $"{Quarter}_2", $"{Tokens.Tenant}.ndjson.gz"));
        lines.Count(l => l.Contains("\"changed\"", StringComparison.Ordinal)).ShouldBe(1);
        (await File.ReadAllBytesAsync(Path.Combine(Archive, "manifest.json"), Cancellation)).ShouldBe(first);
    }

    [Fact]
    public async Task Partition_that_cannot_be_archived_is_not_dropped()
    {
        await FillAsync(5, Tokens.Tenant);
        await File.WriteAllTextAsync(Folder, "a file, not a folder", Cancellation);

        var (code, output, errors) = await RunAsync("archive", "--before", "2025-04-01", "--to", Folder, "--drop");

        (code, output).ShouldBe((1, ""));
        errors.ShouldContain("The archive cannot be written");
        (await Database.ReadAsync<int>($"SELECT attach_expired_runs('{Quarter}')")).ShouldBe(2);
        (await Client.GetStringAsync("process/runs/$count", Cancellation)).ShouldBe("5");
    }

    [Theory]
    [InlineData("usage: archive")]
    [InlineData("usage: archive", "--before", "2025-04-01")]
    [InlineData("--before must be a date", "--before", "April", "--to", "x")]
    [InlineData("in the future", "--before", "2999-01-01", "--to", "x")]
    public async Task Archive_that_cannot_run_says_why(string message, params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(["archive", .. arguments]);

        (code, output).ShouldBe((1, ""));
        errors.ShouldContain(message);
    }

    private static async Task<JsonElement> ReadManifestAsync(string archive) =>
        JsonDocument
            .Parse(await File.ReadAllTextAsync(Path.Combine(archive, "manifest.json"), Cancellation))
            .RootElement;

    private static async Task<List<string>> ReadLinesAsync(string path)
    {
        await using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        return [.. (await reader.ReadToEndAsync(Cancellation)).TrimEnd('\n').Split('\n')];
    }

    // A quarter that another test of the class has left would take the runs of narrower partitions.
    private Task DropPartitionsAsync() =>
        TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            """
            DO $$
            DECLARE
                partition text;
            BEGIN
                FOR partition IN
                    SELECT relname FROM pg_class WHERE relname ~ '^(runs|run_activities)_2025' AND relkind = 'r'
                LOOP
                    EXECUTE format('DROP TABLE %I', partition);
                END LOOP;
            END
            $$
            """
        );

    /// <summary>Adds runs with activities, and gives them ids of a partition.</summary>
    private async Task FillAsync(int runs, Guid tenant, string width = "quarter")
    {
        using var client = Service.Authorized(Tokens.Make(tid: $"{tenant}"));
        foreach (var line in Bodies.SharedRuns().Take(runs))
        {
            const string activities = """
                ,"activities":[{"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"a",
                "status":"completed","activity":null},
                {"@odata.type":"#microsoft.graph.industryData.outboundFlowActivity","displayName":"b",
                "status":"failed","blockingError":{"code":"x","message":"y"}}]}
                """;
            await AddAsync(
                line.Contains("\"activities\"", StringComparison.Ordinal) ? line : line.TrimEnd()[..^1] + activities,
                client
            );
        }

        await TestDatabase.ExecuteUnlockedAsync(
            Database.ConnectionString,
            $"SELECT create_runs_partition('2025-02-01', '{width}')"
        );
        await TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            $"""
            CREATE TEMPORARY TABLE moved AS
                SELECT id, (left(uuid_v7_lower_bound('2025-02-01')::text, 13) || right(id::text, 23))::uuid AS old
                FROM runs WHERE tenant_id = '{tenant}' AND id > uuid_v7_lower_bound('2025-04-01');
            UPDATE run_activities SET run_id = old FROM moved WHERE run_id = moved.id;
            UPDATE runs SET id = old FROM moved WHERE runs.id = moved.id;
            UPDATE run_counts SET quarter = '2025-01-01' WHERE tenant_id = '{tenant}';
            DROP TABLE moved;
            """
        );
    }

    /// <summary>Reads all runs with their activities, without what the service assigns.</summary>
    private static async Task<List<string>> ContentAsync(HttpClient client, string exceptId = "")
    {
        var page = await client.GetJsonAsync(
            new Uri(
                client.BaseAddress!,
                "process/runs?$expand=activities&$top=100"
                    + "&$select=displayName,startDateTime,endDateTime,status,blockingError,statistics"
            )
        );
        page.TryGetProperty("@odata.nextLink", out _).ShouldBeFalse();
        return
        [
            .. page.GetProperty("value")
                .EnumerateArray()
                .Where(run => run.Text("id") != exceptId)
                .Select(run =>
                    string.Join(
                        '|',
                        run.EnumerateObject()
                            .Where(m => m.Name is not "id" and not "activities" and not "@odata.etag")
                            .Select(m => m.Value.GetRawText())
                            .Concat(
                                run.GetProperty("activities")
                                    .EnumerateArray()
                                    .SelectMany(a => a.EnumerateObject())
                                    .Where(m => m.Name != "id")
                                    .Select(m => m.Value.GetRawText())
                            )
                    )
                )
                .Order(StringComparer.Ordinal),
        ];
    }

    private async Task<string> ShouldSucceedAsync(params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(arguments);
        code.ShouldBe(0, errors);
        return output;
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ServiceProcess.RunAsync(arguments, ("ConnectionStrings__IndustryData", Database.ConnectionString));
}
