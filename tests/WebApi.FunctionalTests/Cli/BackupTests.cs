using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Cli;

/// <summary>Tests of <c>backup</c> and <c>restore</c>, each in its own process, with embedded servers.</summary>
[SupportedOSPlatform("linux")]
[Collection(typeof(SerialTests))]
public sealed class BackupTests : IDisposable
{
    private const string Runs = "process/runs";
    private const int Reporters = 4;

    private readonly TestDataDirectory _source = new();
    private readonly TestDataDirectory _target = new();
    private readonly TemporaryDirectory _files = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string BackupFile => Path.Combine(_files.Path, "ledger.backup");

    public void Dispose()
    {
        _source.Dispose();
        _target.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task Restored_ledger_equals_the_backed_up_one_and_continues_it()
    {
        string[] rows;
        Guid[] epochs;
        Uri next;
        Uri delta;
        Uri first;
        await using (var service = await StartAsync(_source))
        {
            var run = await AddAsync(service, "first", ("Idempotency-Key", "job 1"));
            first = run;
            await AddActivityAsync(service, run);
            var deleted = await AddAsync(service, "deleted", ("Idempotency-Key", "job 2"));
            await AddAsync(service, "second");
            await AddAsync(service, "third");
            using (var start = await service.Client.PostAsync($"{Runs}/start", Bodies.Json("{}"), Cancellation))
            {
                start.IsSuccessStatusCode.ShouldBeTrue();
            }

            using (var delete = await service.Client.DeleteAsync(deleted, Cancellation))
            {
                delete.StatusCode.ShouldBe(HttpStatusCode.NoContent);
            }

            next = new Uri((await GetAsync(service, $"{Runs}?$top=2")).Text("@odata.nextLink"));
            delta = await DeltaLinkAsync(service);
            await ShouldSucceedAsync(_source, "backup", BackupFile);
            rows = await RowsAsync(_source);
            epochs = await EpochsAsync(_source);
            rows.Count(row => row.StartsWith("run_tombstones ", StringComparison.Ordinal)).ShouldBe(1);
            rows.Count(row => row.StartsWith("idempotency_records ", StringComparison.Ordinal)).ShouldBe(2);
            rows.Count(row => row.StartsWith("page_token_signing_keys ", StringComparison.Ordinal)).ShouldBe(1);
        }

        await ShouldSucceedAsync(_target, "restore", BackupFile);

        await using var restored = await StartAsync(_target);
        (await RowsAsync(_target)).ShouldBe(rows);
        var epochsAfterwards = await EpochsAsync(_target);
        epochsAfterwards.ShouldBe([.. epochs, .. epochsAfterwards.Except(epochs)]);
        epochsAfterwards.Length.ShouldBeGreaterThan(epochs.Length);
        using (var stale = await restored.Client.GetAsync(On(restored, delta), Cancellation))
        {
            stale.StatusCode.ShouldBe(HttpStatusCode.Gone);
            (await stale.JsonAsync()).Cause().ShouldBe("resyncRequired");
        }

        // The page token was sealed by the service that was backed up.
        var page = await GetAsync(restored, On(restored, next).PathAndQuery);
        page.GetProperty("value").GetArrayLength().ShouldBe(2);
        (await AddAsync(restored, "first", ("Idempotency-Key", "job 1"))).Segments[^1].ShouldBe(first.Segments[^1]);
        (await CountAsync(restored)).ShouldBe(4);

        // A run that is added after the restore is reported to a client that has synchronized again.
        var link = await DeltaLinkAsync(restored);
        var added = await AddAsync(restored, "after");
        Ids(await GetAsync(restored, link.PathAndQuery)).ShouldBe([added.Segments[^1]]);
    }

    [Fact]
    public async Task Backup_while_runs_are_added_is_one_moment_of_the_ledger()
    {
        var acknowledged = new ConcurrentBag<string>();
        string[] before;
        string[] stored;
        await using (var service = await StartAsync(_source))
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var load = Task.WhenAll(
                Enumerable.Range(0, Reporters).Select(_ => ReportAsync(service, acknowledged, enough.Token))
            );
            await Poll.UntilAsync(() => acknowledged.Count > 100, "The load");
            before = [.. acknowledged];
            await ShouldSucceedAsync(_source, "backup", BackupFile);
            var during = acknowledged.Count;
            during.ShouldBeGreaterThan(before.Length);
            await Poll.UntilAsync(() => acknowledged.Count > during, "The load after the backup");
            await enough.CancelAsync();
            await load;
            stored = await RowsAsync(_source);
        }

        await ShouldSucceedAsync(_target, "restore", BackupFile);

        await using var restored = await StartAsync(_target);
        var ids = await ReadAllIdsAsync(restored);
        before.Except(ids).ShouldBeEmpty();
        ids.Count.ShouldBeLessThan(acknowledged.Count);
        (await CountAsync(restored)).ShouldBe(ids.Count);

        // Runs, activities and keys are written together and never changed, so each of them is as it was stored.
        var rows = await RowsAsync(_target);
        string[] tables = ["runs", "run_activities", "idempotency_records"];
        foreach (var table in tables)
        {
            var restoredRows = rows.Where(row => row.StartsWith($"{table} ", StringComparison.Ordinal)).ToArray();
            restoredRows.Length.ShouldBe(ids.Count, table);
            restoredRows.Except(stored).ShouldBeEmpty();
        }
    }

    /// <summary>The restored database is on the same server, whose transaction numbers have gone on.</summary>
    [Fact]
    public async Task Restore_into_the_emptied_ledger_brings_the_runs_back_and_ends_all_delta_links()
    {
        Uri ofBackup;
        Uri ofEmpty;
        string[] rows;
        await using (var service = await StartAsync(_source))
        {
            await AddAsync(service, "a");
            await AddAsync(service, "b");
            ofBackup = await DeltaLinkAsync(service);
            rows = await RowsAsync(_source);
        }

        // Without a service, the command starts PostgreSQL itself.
        await ShouldSucceedAsync(_source, "backup", BackupFile);
        await using (var service = await StartAsync(_source))
        {
            foreach (var id in await ReadAllIdsAsync(service))
            {
                using var delete = await service.Client.DeleteAsync($"{Runs}/{id}", Cancellation);
                delete.StatusCode.ShouldBe(HttpStatusCode.NoContent);
            }

            ofEmpty = await DeltaLinkAsync(service);
        }

        await ShouldSucceedAsync(_source, "restore", BackupFile);

        await using var restored = await StartAsync(_source);
        (await RowsAsync(_source)).ShouldBe(rows);
        foreach (var link in (Uri[])[ofBackup, ofEmpty])
        {
            using var response = await restored.Client.GetAsync(On(restored, link), Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.Gone);
        }
    }

    [Fact]
    public async Task Restore_into_a_ledger_with_runs_is_refused_and_changes_nothing()
    {
        string[] rows;
        await using (var service = await StartAsync(_source))
        {
            await AddAsync(service, "a");
            rows = await RowsAsync(_source);
            await ShouldSucceedAsync(_source, "backup", BackupFile);
            await ShouldFailAsync(_source, "Another service is using the data directory", "restore", BackupFile);
        }

        await ShouldFailAsync(_source, "set DataDirectory to a new directory", "restore", BackupFile);

        await using var again = await StartAsync(_source);
        (await RowsAsync(_source)).ShouldBe(rows);
    }

    [Fact]
    public async Task Restore_of_a_damaged_file_is_refused_and_can_be_repeated_with_a_good_one()
    {
        await using (var service = await StartAsync(_source))
        {
            await AddAsync(service, "a");
            await ShouldSucceedAsync(_source, "backup", BackupFile);
        }

        var content = await File.ReadAllBytesAsync(BackupFile, Cancellation);
        var cut = Path.Combine(_files.Path, "cut.backup");
        await File.WriteAllBytesAsync(cut, content[..^60], Cancellation);
        await ShouldFailAsync(_target, "was not restored (error: could not", "restore", cut);
        await File.WriteAllTextAsync(cut, "no archive", Cancellation);
        await ShouldFailAsync(_target, "name a file that the command backup wrote", "restore", cut);
        await ShouldFailAsync(_target, "is not a file", "restore", Path.Combine(_files.Path, "missing"));

        await ShouldSucceedAsync(_target, "restore", BackupFile);
        await using var restored = await StartAsync(_target);
        (await CountAsync(restored)).ShouldBe(1);
    }

    [Fact]
    public async Task Backup_to_an_existing_file_is_refused_unless_it_is_forced()
    {
        await File.WriteAllTextAsync(BackupFile, "of the day before", Cancellation);
        await using var service = await StartAsync(_source);

        await ShouldFailAsync(_source, "--force", "backup", BackupFile);
        (await File.ReadAllTextAsync(BackupFile, Cancellation)).ShouldBe("of the day before");
        await ShouldFailAsync(_source, "is a directory", "backup", _files.Path);
        await ShouldFailAsync(_source, "cannot be written", "backup", Path.Combine(_files.Path, "missing", "file"));

        await ShouldSucceedAsync(_source, "backup", BackupFile, "--force");
        (await File.ReadAllBytesAsync(BackupFile, Cancellation))[..5].ShouldBe("PGDMP"u8.ToArray());
        File.GetUnixFileMode(BackupFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFileSystemEntries(_files.Path).ShouldBe([BackupFile]);
    }

    [Fact]
    public async Task Backup_that_is_interrupted_leaves_no_file()
    {
        await using var service = await StartAsync(_source);
        await using var connection = await OpenAsync(_source);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var locking = new NpgsqlCommand("LOCK TABLE run_starts IN ACCESS EXCLUSIVE MODE", connection);
        await locking.ExecuteNonQueryAsync(Cancellation);
        using var backup = ServiceProcess.StartCommand(["backup", BackupFile], ("DataDirectory", _source.Path));
        await using var other = await OpenAsync(_source);
        await using var waits = new NpgsqlCommand(
            """
            SELECT EXISTS (
                SELECT FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock')
            """,
            other
        );
        await Poll.UntilAsync(
            async () => await waits.ExecuteScalarAsync(Cancellation) is true,
            "The wait of the backup for the lock"
        );
        Directory.GetFileSystemEntries(_files.Path).ShouldHaveSingleItem().ShouldNotBe(BackupFile);

        using var stop = Process.Start("kill", ["-TERM", $"{backup.Id}"]);
        await backup.WaitForExitAsync(Cancellation);

        backup.ExitCode.ShouldBe(1);
        (await backup.StandardError.ReadToEndAsync(Cancellation)).ShouldContain("The backup was interrupted");
        Directory.GetFileSystemEntries(_files.Path).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("restore")]
    public async Task Command_on_an_external_database_is_refused_and_points_to_the_docs(string command)
    {
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(
            [command, BackupFile],
            ("ConnectionStrings__IndustryData", "Host=127.0.0.1;Port=1;Database=x;Username=x;Password=x")
        );

        exitCode.ShouldBe(1);
        output.ShouldBeEmpty();
        errors.ShouldContain("docs/operations.md");
        errors.TrimEnd().ShouldNotContain('\n');
        File.Exists(BackupFile).ShouldBeFalse();
    }

    [Theory]
    [InlineData("usage: backup FILE [--force]", "backup")]
    [InlineData("usage: backup FILE [--force]", "backup", "a", "b")]
    [InlineData("usage: backup FILE [--force]", "backup", "--forced", "a")]
    [InlineData("usage: restore FILE", "restore")]
    [InlineData("usage: restore FILE", "restore", "a", "--force")]
    [InlineData("There is no database in", "backup", "a")]
    public async Task Command_with_wrong_arguments_ends_with_one_line(string message, params string[] arguments)
    {
        await ShouldFailAsync(_source, message, arguments);
        Directory.Exists(_source.Path).ShouldBeFalse();
    }

    private static Task<ServiceProcess> StartAsync(TestDataDirectory folder) =>
        ServiceProcess.StartAsync(("DataDirectory", folder.Path));

    private static async Task ShouldSucceedAsync(TestDataDirectory folder, params string[] arguments)
    {
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(arguments, ("DataDirectory", folder.Path));
        exitCode.ShouldBe(0, errors);
        output.ShouldStartWith($"The {arguments[0]} is complete: ");
        output.TrimEnd().ShouldNotContain('\n');
        errors.ShouldContain(arguments[0] == "backup" ? "Backing up table public.runs_" : "table public.runs_");
    }

    // A command that starts PostgreSQL logs that first.
    private static async Task ShouldFailAsync(TestDataDirectory folder, string message, params string[] arguments)
    {
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(arguments, ("DataDirectory", folder.Path));
        exitCode.ShouldBe(1);
        output.ShouldBeEmpty();
        var line = errors.TrimEnd().Split('\n')[^1];
        line.ShouldStartWith("industrydata: ");
        line.ShouldContain(message);
    }

    private static async Task ReportAsync(
        ServiceProcess service,
        ConcurrentBag<string> acknowledged,
        CancellationToken enough
    )
    {
        const string run = """
            {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"running","statistics":{},"activities":
            [{"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"b",
              "status":"inProgress"}]}
            """;
        while (!enough.IsCancellationRequested)
        {
            var added = await PostAsync(service, run, ("Idempotency-Key", $"{Guid.NewGuid()}"));
            acknowledged.Add(added.Segments[^1]);
        }
    }

    private static Task<Uri> AddAsync(ServiceProcess service, string name, params (string, string)[] headers) =>
        PostAsync(service, Bodies.RunAt(0, name), headers);

    private static async Task<Uri> PostAsync(
        ServiceProcess service,
        string body,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Runs}/$ref") { Content = Bodies.Json(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await service.Client.SendAsync(request, Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.NoContent, await response.Content.ReadAsStringAsync(Cancellation));
        return response.Headers.Location!;
    }

    private static async Task AddActivityAsync(ServiceProcess service, Uri run)
    {
        const string activity = """
            {"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"Classes",
             "status":"inProgress"}
            """;
        using var response = await service.Client.PostAsync(
            $"{run.AbsolutePath}/activities",
            Bodies.Json(activity),
            Cancellation
        );
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    private static async Task<Uri> DeltaLinkAsync(ServiceProcess service)
    {
        var page = await GetAsync(service, $"{Runs}/delta?$deltatoken=latest");
        return new Uri(page.Text("@odata.deltaLink"));
    }

    private static async Task<HashSet<string>> ReadAllIdsAsync(ServiceProcess service)
    {
        var ids = new HashSet<string>();
        for (var next = $"{Runs}?$top=1000"; next is not null; )
        {
            var page = await GetAsync(service, next);
            ids.UnionWith(Ids(page));
            next = page.TryGetProperty("@odata.nextLink", out var link)
                ? new Uri(link.GetString()!).PathAndQuery
                : null;
        }

        return ids;
    }

    private static IEnumerable<string> Ids(JsonElement page) =>
        page.GetProperty("value").EnumerateArray().Select(item => item.Text("id"));

    private static async Task<long> CountAsync(ServiceProcess service) =>
        long.Parse(await service.Client.GetStringAsync($"{Runs}/$count", Cancellation), null);

    private static Task<JsonElement> GetAsync(ServiceProcess service, string path) =>
        service.Client.GetJsonAsync(new Uri(service.Root, path));

    private static Uri On(ServiceProcess service, Uri link) => new(service.Root, link.PathAndQuery);

    /// <summary>Returns every row of every table but the epochs, which each start of a server adds to.</summary>
    private static async Task<string[]> RowsAsync(TestDataDirectory folder)
    {
        await using var connection = await OpenAsync(folder);
        var rows = new List<string>();
        foreach (
            var table in await ReadAsync<string>(
                connection,
                """
                SELECT relname::text FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
                    AND relname <> 'database_epochs'
                ORDER BY 1
                """
            )
        )
        {
            rows.AddRange(
                await ReadAsync<string>(connection, $"SELECT '{table} ' || t::text FROM \"{table}\" AS t ORDER BY 1")
            );
        }

        return [.. rows];
    }

    private static async Task<Guid[]> EpochsAsync(TestDataDirectory folder)
    {
        await using var connection = await OpenAsync(folder);
        return [.. await ReadAsync<Guid>(connection, "SELECT id FROM database_epochs ORDER BY number")];
    }

    private static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var values = new List<T>();
        while (await reader.ReadAsync(Cancellation))
        {
            values.Add(reader.GetFieldValue<T>(0));
        }

        return values;
    }

    private static async Task<NpgsqlConnection> OpenAsync(TestDataDirectory folder)
    {
        var access = PostgresServer.GetConnectionInfo(folder.Resolve(), new EmbeddedPostgresOptions());
        var connection = new NpgsqlConnection(access.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Cancellation);
        return connection;
    }
}
