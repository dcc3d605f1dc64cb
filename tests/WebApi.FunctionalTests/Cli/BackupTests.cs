using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using Npgsql;
using static IndustryData.WebApi.FunctionalTests.Cli.EmbeddedLedger;

namespace IndustryData.WebApi.FunctionalTests.Cli;

/// <summary>Tests of <c>backup</c> and <c>restore</c>, each in its own process, with embedded servers.</summary>
[SupportedOSPlatform("linux")]
public sealed class BackupTests : IDisposable
{
    private const int Reporters = 4;

    private readonly EmbeddedLedger _source = new();
    private readonly EmbeddedLedger _target = new();
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
        FilledLedger filled;
        await using (var service = await _source.StartAsync())
        {
            filled = await FilledLedger.FillAsync(_source, service);
            await ShouldSucceedAsync(_source, "backup", BackupFile);
        }

        await ShouldSucceedAsync(_target, "restore", BackupFile);

        await using var restored = await _target.StartAsync();
        await filled.ShouldBeContinuedByAsync(_target, restored);
    }

    [Fact]
    public async Task Backup_while_runs_are_added_is_one_moment_of_the_ledger()
    {
        var acknowledged = new ConcurrentBag<string>();
        string[] before;
        string[] stored;
        await using (var service = await _source.StartAsync())
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
            stored = await _source.RowsAsync();
        }

        await ShouldSucceedAsync(_target, "restore", BackupFile);

        await using var restored = await _target.StartAsync();
        var ids = await ReadAllIdsAsync(restored);
        before.Except(ids).ShouldBeEmpty();
        ids.Count.ShouldBeLessThan(acknowledged.Count);
        (await CountAsync(restored)).ShouldBe(ids.Count);

        // Runs, activities and keys are written together and never changed, so each of them is as it was stored.
        var rows = await _target.RowsAsync();
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
        await using (var service = await _source.StartAsync())
        {
            await AddAsync(service, "a");
            await AddAsync(service, "b");
            ofBackup = await DeltaLinkAsync(service);
            rows = await _source.RowsAsync();
        }

        // Without a service, the command starts PostgreSQL itself.
        await ShouldSucceedAsync(_source, "backup", BackupFile);
        await using (var service = await _source.StartAsync())
        {
            foreach (var id in await ReadAllIdsAsync(service))
            {
                using var delete = await service.Client.DeleteAsync($"{RunsPath}/{id}", Cancellation);
                delete.StatusCode.ShouldBe(HttpStatusCode.NoContent);
            }

            ofEmpty = await DeltaLinkAsync(service);
        }

        await ShouldSucceedAsync(_source, "restore", BackupFile);

        await using var restored = await _source.StartAsync();
        (await _source.RowsAsync()).ShouldBe(rows);
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
        await using (var service = await _source.StartAsync())
        {
            await AddAsync(service, "a");
            rows = await _source.RowsAsync();
            await ShouldSucceedAsync(_source, "backup", BackupFile);
            await _source.ShouldFailAsync("Another service is using the data directory", "restore", BackupFile);
        }

        await _source.ShouldFailAsync("set DataDirectory to a new directory", "restore", BackupFile);

        await using var again = await _source.StartAsync();
        (await _source.RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Restore_of_a_damaged_file_is_refused_and_can_be_repeated_with_a_good_one()
    {
        await using (var service = await _source.StartAsync())
        {
            await AddAsync(service, "a");
            await ShouldSucceedAsync(_source, "backup", BackupFile);
        }

        var content = await File.ReadAllBytesAsync(BackupFile, Cancellation);
        var cut = Path.Combine(_files.Path, "cut.backup");
        await File.WriteAllBytesAsync(cut, content[..^60], Cancellation);

        // Several processes of pg_restore write to one stream, so another line may follow "error: ".
        await _target.ShouldFailAsync("was not restored (error: ", "restore", cut);
        await File.WriteAllTextAsync(cut, "no archive", Cancellation);
        await _target.ShouldFailAsync("name a file that the command backup wrote", "restore", cut);
        await _target.ShouldFailAsync("is not a file", "restore", Path.Combine(_files.Path, "missing"));

        await ShouldSucceedAsync(_target, "restore", BackupFile);
        await using var restored = await _target.StartAsync();
        (await CountAsync(restored)).ShouldBe(1);
    }

    [Fact]
    public async Task Backup_to_an_existing_file_is_refused_unless_it_is_forced()
    {
        await File.WriteAllTextAsync(BackupFile, "of the day before", Cancellation);
        await using var service = await _source.StartAsync();

        await _source.ShouldFailAsync("--force", "backup", BackupFile);
        (await File.ReadAllTextAsync(BackupFile, Cancellation)).ShouldBe("of the day before");
        await _source.ShouldFailAsync("is a directory", "backup", _files.Path);
        await _source.ShouldFailAsync("cannot be written", "backup", Path.Combine(_files.Path, "missing", "file"));

        await ShouldSucceedAsync(_source, "backup", BackupFile, "--force");
        (await File.ReadAllBytesAsync(BackupFile, Cancellation))[..5].ShouldBe("PGDMP"u8.ToArray());
        File.GetUnixFileMode(BackupFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFileSystemEntries(_files.Path).ShouldBe([BackupFile]);
    }

    [Fact]
    public async Task Backup_that_is_interrupted_leaves_no_file()
    {
        await using var service = await _source.StartAsync();
        await using var connection = await _source.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var locking = new NpgsqlCommand("LOCK TABLE run_starts IN ACCESS EXCLUSIVE MODE", connection);
        await locking.ExecuteNonQueryAsync(Cancellation);
        using var backup = _source.StartCommand("backup", BackupFile);
        await using var other = await _source.OpenAsync();
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
        await _source.ShouldFailAsync(message, arguments);
        Directory.Exists(_source.Path).ShouldBeFalse();
    }

    private static async Task ShouldSucceedAsync(EmbeddedLedger ledger, params string[] arguments)
    {
        var (_, progress) = await ledger.ShouldSucceedAsync(arguments);
        progress.ShouldContain(arguments[0] == "backup" ? "Backing up table public.runs_" : "table public.runs_");
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
}
