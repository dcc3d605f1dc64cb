using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Npgsql;
using static IndustryData.WebApi.FunctionalTests.Cli.EmbeddedLedger;

namespace IndustryData.WebApi.FunctionalTests.Cli;

/// <summary>
/// Tests of <c>upgrade</c> from an installed PostgreSQL to a PostgreSQL 18 that <c>./test</c> prepares. That one has
/// only the server programs.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class UpgradeTests : IDisposable
{
    private const int NewMajor = 18;

    private readonly EmbeddedLedger _ledger = new();
    private readonly TemporaryDirectory _files = new();
    private readonly string _oldBin;
    private readonly string _newBin;
    private readonly int _oldMajor;

    public UpgradeTests()
    {
        var newBin = Environment.GetEnvironmentVariable("INDUSTRYDATA_TEST_NEWER_POSTGRES");
        Assert.SkipWhen(
            string.IsNullOrEmpty(newBin),
            "PostgreSQL 18 for the upgrade is not prepared. Run ./test with CI=true once, "
                + "or name its programs in INDUSTRYDATA_TEST_NEWER_POSTGRES."
        );
        _newBin = newBin!;
        _oldMajor = Enumerable.Range(15, NewMajor - 15).FirstOrDefault(major => Directory.Exists(BinOf(major)));
        Assert.SkipWhen(_oldMajor == 0, "No PostgreSQL before 18 is installed in /usr/lib/postgresql.");
        _oldBin = BinOf(_oldMajor);
        UseOld();

        static string BinOf(int major) => $"/usr/lib/postgresql/{major}/bin";
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Postgres => Path.Combine(_ledger.Path, "postgres");

    private string Kept => $"{Postgres}-{_oldMajor}";

    private string Unfinished => $"{Postgres}.upgraded";

    private string Work => Path.Combine(_ledger.Path, "upgrade");

    public void Dispose()
    {
        _ledger.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task Upgraded_ledger_equals_the_old_one_and_continues_it()
    {
        var filled = await FillAsync();
        UseNew();

        var (result, _) = await _ledger.ShouldSucceedAsync("upgrade");

        result.ShouldContain($"PostgreSQL {NewMajor} has the 4 runs");
        result.ShouldContain(Kept);
        (await File.ReadAllTextAsync(Path.Combine(Kept, "cluster", "PG_VERSION"), Cancellation)).ShouldBe(
            $"{_oldMajor}\n"
        );
        Directory.GetFileSystemEntries(_ledger.Path).Order().ShouldBe([LockFile, Postgres, Kept]);
        await using (var service = await _ledger.StartAsync())
        {
            await using (var connection = await _ledger.OpenAsync())
            {
                (await ReadAsync<string>(connection, "SHOW server_version")).Single().ShouldStartWith($"{NewMajor}.");
                (await ReadAsync<string>(connection, "SHOW data_checksums")).ShouldBe(["on"]);
            }

            await filled.ShouldBeContinuedByAsync(_ledger, service);
        }

        await _ledger.ShouldFailAsync("no newer version was found", "upgrade");
    }

    [Fact]
    public async Task Upgrade_keeps_roles_privileges_and_settings_and_names_those_it_does_not_keep()
    {
        await using (await _ledger.StartAsync())
        await using (var connection = await _ledger.OpenAsync())
        {
            await ExecuteAsync(
                connection,
                """
                CREATE ROLE "Reporting-team" NOLOGIN;
                CREATE ROLE dashboards LOGIN PASSWORD 'of the dashboards' IN ROLE "Reporting-team";
                ALTER ROLE dashboards SET work_mem = '7MB';
                GRANT SELECT ON runs TO "Reporting-team";
                CREATE SCHEMA reports AUTHORIZATION dashboards;
                CREATE TABLE reports.days AS SELECT 1 AS day;
                ALTER TABLE reports.days OWNER TO dashboards;
                ALTER DATABASE industrydata SET lock_timeout = '77s';
                """
            );
            await ExecuteAsync(connection, "ALTER SYSTEM SET commit_delay = 3");
        }

        UseNew();

        var (_, progress) = await _ledger.ShouldSucceedAsync("upgrade");

        progress.ShouldContain("ALTER SYSTEM changed on the old one: commit_delay");
        await using var service = await _ledger.StartAsync();
        await using var administrator = await _ledger.OpenAsync();
        var login = new NpgsqlConnectionStringBuilder(administrator.ConnectionString)
        {
            Username = "dashboards",
            Password = "of the dashboards",
        };
        await using var dashboards = new NpgsqlConnection(login.ConnectionString);
        await dashboards.OpenAsync(Cancellation);
        (await ReadAsync<long>(dashboards, "SELECT count(*) FROM runs")).ShouldBe([0]);
        (await ReadAsync<int>(dashboards, "DELETE FROM reports.days RETURNING day")).ShouldBe([1]);
        (await ReadAsync<string>(dashboards, "SHOW work_mem")).ShouldBe(["7MB"]);
        (await ReadAsync<string>(dashboards, "SHOW lock_timeout")).ShouldBe(["77s"]);
    }

    [Fact]
    public async Task Kept_database_that_is_put_back_serves_as_before_the_upgrade()
    {
        var filled = await FillAsync();
        UseNew();
        await _ledger.ShouldSucceedAsync("upgrade");
        Uri delta;
        await using (var service = await _ledger.StartAsync())
        {
            await AddAsync(service, "after the upgrade");
            delta = await DeltaLinkAsync(service);
        }

        Directory.Move(Postgres, Path.Combine(_ledger.Path, "put-aside"));
        Directory.Move(Kept, Postgres);
        UseOld();

        await using var old = await _ledger.StartAsync();
        (await _ledger.RowsAsync()).ShouldBe(filled.Rows);
        using var stale = await old.Client.GetAsync(On(old, delta), Cancellation);
        stale.StatusCode.ShouldBe(HttpStatusCode.Gone);
    }

    [Fact]
    public async Task Start_on_a_database_of_an_older_version_ends_with_a_line_that_names_the_command()
    {
        await FillAsync();
        var before = _ledger.Data.Snapshot();
        UseNew();

        await _ledger.ShouldFailAsync("run the command upgrade");

        _ledger.Data.Snapshot().ShouldBe(before);
    }

    /// <summary>The upgrade is killed as soon as the file or directory exists.</summary>
    [Theory]
    [InlineData("ledger.backup.new-*")]
    [InlineData("postgres")]
    [InlineData("postgres/cluster/postmaster.pid")]
    public async Task Killed_upgrade_leaves_the_ledger_as_it_was_and_can_be_repeated(string pattern)
    {
        var filled = await FillAsync();
        UseNew();
        using (var upgrade = _ledger.StartCommand("upgrade"))
        {
            UntilExists(pattern);
            upgrade.HasExited.ShouldBeFalse();
            upgrade.Kill();
            await upgrade.WaitForExitAsync(Cancellation);
        }

        var pidFile = new FileInfo(Path.Combine(Work, "postgres", "cluster", "postmaster.pid"));
        var leftServer = pidFile.Exists ? File.ReadLines(pidFile.FullName).First() : null;
        Directory.Exists(Kept).ShouldBeFalse();
        UseOld();
        await using (await _ledger.StartAsync())
        {
            (await _ledger.RowsAsync()).ShouldBe(filled.Rows);
        }

        UseNew();
        await _ledger.ShouldSucceedAsync("upgrade");
        Directory.Exists(Work).ShouldBeFalse();
        new FileInfo($"/proc/{leftServer}/cwd").LinkTarget.ShouldBeNull();
        await using var service = await _ledger.StartAsync();
        await filled.ShouldBeContinuedByAsync(_ledger, service);
    }

    [Fact]
    public async Task Interrupted_upgrade_removes_its_files_and_stops_both_servers()
    {
        var filled = await FillAsync();
        UseNew();
        using (var upgrade = _ledger.StartCommand("upgrade"))
        {
            UntilExists("postgres/cluster/postmaster.pid");
            using var stop = Process.Start("kill", ["-TERM", $"{upgrade.Id}"]);
            await upgrade.WaitForExitAsync(Cancellation);
            upgrade.ExitCode.ShouldBe(1);
            (await upgrade.StandardError.ReadToEndAsync(Cancellation)).ShouldContain("The upgrade was interrupted");
        }

        Directory.GetFileSystemEntries(_ledger.Path).Order().ShouldBe([LockFile, Postgres]);
        File.Exists(Path.Combine(_ledger.Data.Cluster, "postmaster.pid")).ShouldBeFalse();
        UseOld();
        await using var service = await _ledger.StartAsync();
        (await _ledger.RowsAsync()).ShouldBe(filled.Rows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Upgrade_that_ended_before_its_last_step_is_completed_by_the_next_start_or_upgrade(bool byStart)
    {
        var filled = await FillAsync();
        UseNew();
        await _ledger.ShouldSucceedAsync("upgrade");
        Directory.Move(Postgres, Unfinished);

        await _ledger.ShouldFailAsync("both complete it", "backup", Path.Combine(_files.Path, "ledger.backup"));
        if (!byStart)
        {
            var (result, _) = await _ledger.ShouldSucceedAsync("upgrade");
            result.ShouldContain("its last step");
        }

        await using var service = await _ledger.StartAsync();
        await filled.ShouldBeContinuedByAsync(_ledger, service);
        Directory.Exists(Unfinished).ShouldBeFalse();
    }

    /// <summary>Otherwise, a later start without the old directory would serve an outdated copy.</summary>
    [Fact]
    public async Task Start_deletes_a_copy_that_has_not_replaced_the_old_database()
    {
        await (await _ledger.StartAsync()).DisposeAsync();
        Directory.CreateDirectory(Path.Combine(Unfinished, "cluster"));

        await (await _ledger.StartAsync()).DisposeAsync();

        Directory.Exists(Unfinished).ShouldBeFalse();
        (await File.ReadAllTextAsync(Path.Combine(_ledger.Data.Cluster, "PG_VERSION"), Cancellation)).ShouldBe(
            $"{_oldMajor}\n"
        );
    }

    [Fact]
    public async Task Upgrade_fails_if_another_program_writes_meanwhile_and_loses_nothing()
    {
        await FillAsync();
        UseNew();
        using (var upgrade = _ledger.StartCommand("upgrade"))
        {
            // The dump is complete when the new cluster is made.
            UntilExists("postgres");
            UseOld();
            await using var connection = await _ledger.OpenAsync();
            await ExecuteAsync(
                connection,
                "INSERT INTO run_starts SELECT tenant_id, started_date_time, gen_random_uuid() FROM run_starts"
            );
            await upgrade.WaitForExitAsync(Cancellation);
            upgrade.ExitCode.ShouldBe(1);
            (await upgrade.StandardError.ReadToEndAsync(Cancellation)).ShouldContain(
                "the table run_starts has 2 rows, and its copy has 1; another program may have written to it"
            );
        }

        Directory.GetFileSystemEntries(_ledger.Path).Order().ShouldBe([LockFile, Postgres]);
        await using var service = await _ledger.StartAsync();
        (await _ledger.RowsAsync()).Count(row => row.StartsWith("run_starts ", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task Upgrade_is_refused_while_the_service_runs_or_the_old_programs_are_missing()
    {
        await using (await _ledger.StartAsync())
        {
            UseNew();
            await _ledger.ShouldFailAsync("Another service is using the data directory", "upgrade");
        }

        var before = _ledger.Data.Snapshot();
        await _ledger.ShouldFailAsync($"PostgreSQL {_oldMajor}, which the upgrade", "upgrade", "--from-bin", _newBin);
        await _ledger.ShouldFailAsync("--from-bin names", "upgrade", "--from-bin", _files.Path);
        Directory.CreateDirectory(Kept);
        await _ledger.ShouldFailAsync($"{Kept} exists", "upgrade", "--from-bin", _oldBin);
        Directory.Delete(Kept);
        _ledger.Data.Snapshot().ShouldBe(before);
    }

    [Fact]
    public async Task Upgrade_is_refused_if_the_server_has_another_database()
    {
        await using (await _ledger.StartAsync())
        await using (var connection = await _ledger.OpenAsync())
        {
            await ExecuteAsync(connection, "CREATE DATABASE other");
        }

        UseNew();

        await _ledger.ShouldFailAsync("the server has others (other)", "upgrade");

        Directory.GetFileSystemEntries(_ledger.Path).Order().ShouldBe([LockFile, Postgres]);
    }

    [Theory]
    [InlineData("usage: upgrade [--from-bin DIR]", "upgrade", "15")]
    [InlineData("usage: upgrade [--from-bin DIR]", "upgrade", "--from-bin")]
    [InlineData("There is no database in", "upgrade")]
    public async Task Upgrade_with_wrong_arguments_or_no_database_ends_with_one_line(
        string message,
        params string[] arguments
    )
    {
        await _ledger.ShouldFailAsync(message, arguments);
        Directory.Exists(_ledger.Path).ShouldBeFalse();
    }

    /// <summary>The way of an operator who does not have the programs of the old version anymore.</summary>
    [Fact]
    public async Task Backup_of_an_older_version_is_restored_into_a_newer_one()
    {
        var backup = Path.Combine(_files.Path, "ledger.backup");
        FilledLedger filled;
        await using (var service = await _ledger.StartAsync())
        {
            filled = await FilledLedger.FillAsync(_ledger, service);
            await _ledger.ShouldSucceedAsync("backup", backup);
        }

        // The prepared PostgreSQL has no pg_restore.
        var bin = Directory.CreateDirectory(Path.Combine(_files.Path, "bin")).FullName;
        foreach (var program in (string[])["postgres", "initdb", "pg_ctl"])
        {
            File.CreateSymbolicLink(Path.Combine(bin, program), Path.Combine(_newBin, program));
        }

        File.CreateSymbolicLink(Path.Combine(bin, "pg_restore"), Path.Combine(_oldBin, "pg_restore"));
        using var restored = new EmbeddedLedger { BinDirectory = bin };

        await restored.ShouldSucceedAsync("restore", backup);

        await using var continued = await restored.StartAsync();
        (await File.ReadAllTextAsync(Path.Combine(restored.Data.Cluster, "PG_VERSION"), Cancellation)).ShouldBe(
            $"{NewMajor}\n"
        );
        await filled.ShouldBeContinuedByAsync(restored, continued);
    }

    private string LockFile => Path.Combine(_ledger.Path, "lock");

    private void UseOld() => _ledger.BinDirectory = _oldBin;

    private void UseNew() => _ledger.BinDirectory = _newBin;

    private async Task<FilledLedger> FillAsync()
    {
        await using var service = await _ledger.StartAsync();
        return await FilledLedger.FillAsync(_ledger, service);
    }

    // The thread waits itself, because some files exist for less time than a busy thread pool takes to continue a task.
    private void UntilExists(string pattern)
    {
        for (var wait = Stopwatch.StartNew(); !Exists(pattern); Thread.Sleep(1))
        {
            wait.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(1), $"{pattern} of the upgrade does not exist");
        }
    }

    private bool Exists(string pattern)
    {
        IEnumerable<string> found = [Work];
        foreach (var name in pattern.Split('/'))
        {
            found = found
                .Where(Directory.Exists)
                .SelectMany(directory => Directory.GetFileSystemEntries(directory, name))
                .ToArray();
        }

        return found.Any();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
