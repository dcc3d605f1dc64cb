using System.IO.Compression;
using System.Text;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Infrastructure.Persistence;
using Npgsql;

namespace IndustryData.Infrastructure.IntegrationTests.Schema;

public sealed class MaintenanceTests(TestDatabase database) : IAsyncLifetime, IClassFixture<TestDatabase>
{
    private static readonly DateTimeOffset _now = new(2031, 2, 3, 4, 5, 6, TimeSpan.Zero);
    private string _connectionString = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _connectionString = await database.CreateMigratedDatabaseAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Partitions_are_made_ahead_and_take_over_what_came_before_them()
    {
        var early = await InsertAsync(_now);

        await KeepUpAsync(new RetentionOptions(), _now);
        await KeepUpAsync(new RetentionOptions(), _now);

        (
            await ReadAsync<string[]>(
                "SELECT array_agg(relname::text ORDER BY relname) FROM pg_class "
                    + "WHERE relname ~ '^run.*2031q[1-4]$|^run.*2032q[1-4]$' AND relkind = 'r'"
            )
        ).ShouldBe(
            from table in (string[])["run_activities", "runs"]
            from quarter in (string[])["2031q1", "2031q2"]
            select $"{table}_{quarter}"
        );
        (await ReadAsync<string>($"SELECT tableoid::regclass::text FROM runs WHERE id = '{early}'")).ShouldBe(
            "runs_2031q1"
        );
        (
            await ReadAsync<string>($"SELECT tableoid::regclass::text FROM run_activities WHERE run_id = '{early}'")
        ).ShouldBe("run_activities_2031q1");
        (await ReadAsync<long>("SELECT count(*) FROM pg_indexes WHERE tablename = 'runs_2031q1'")).ShouldBe(
            await ReadAsync<long>("SELECT count(*) FROM pg_indexes WHERE tablename = 'runs'")
        );
    }

    /// <summary>The third quarter of 2030 begins with a Monday, so that a week can follow the second one.</summary>
    [Theory]
    [InlineData(0, "2030q3")]
    [InlineData(500_000, "2030q3")]
    [InlineData(600_000, "2030m07")]
    [InlineData(1_700_000, "2030w27")]
    [InlineData(7_200_000, "20300701")]
    public async Task Automatic_width_follows_the_number_of_runs(int runsPerDay, string next)
    {
        await KeepUpAsync(new RetentionOptions(), new DateTimeOffset(2030, 5, 1, 0, 0, 0, default), width: "automatic");
        var before = await ReadSuffixesAsync("2030");
        await TestDatabase.ExecuteAsync(
            database.AsSuperuser(_connectionString),
            $"UPDATE pg_class SET reltuples = {runsPerDay}::real * 88 WHERE relname = 'runs_2030q2'"
        );

        await KeepUpAsync(
            new RetentionOptions(),
            new DateTimeOffset(2030, 6, 28, 0, 0, 0, default),
            width: "automatic"
        );

        before.ShouldBe(["2030q2"]);
        (await ReadSuffixesAsync("2030")).ShouldBe(["2030q2", next]);
    }

    [Fact]
    public async Task Retention_detaches_old_quarters_with_activities_and_counts_and_drops_them_a_day_later()
    {
        var now = DateTimeOffset.UtcNow;
        await CreateAsync(now.AddMonths(-28));

        // Its quarter has not ended 24 months ago.
        await CreateAsync(now.AddMonths(-24));
        var (old, young) = (await InsertAsync(now.AddMonths(-28)), await InsertAsync(now.AddMonths(-24)));
        var (ancient, newest) = (await InsertAsync(now.AddMonths(-60)), await InsertAsync(now));
        var retention = new RetentionOptions { Months = 24 };

        (await KeepUpAsync(new RetentionOptions(), now)).ShouldBeTrue();
        (await ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(4);
        (await KeepUpAsync(retention, now)).ShouldBeTrue();
        (await KeepUpAsync(retention, now)).ShouldBeTrue();

        (await ReadAsync<Guid[]>("SELECT array_agg(id ORDER BY id) FROM runs")).ShouldBe([young, newest]);
        (await ReadAsync<Guid[]>("SELECT array_agg(run_id ORDER BY run_id) FROM run_activities")).ShouldBe([
            young,
            newest,
        ]);
        (await ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(2);
        var expired = await ReadAsync<string[]>("SELECT array_agg(name ORDER BY name) FROM expired_partitions");
        expired.ShouldBe(
            from table in (string[])["run_activities", "runs"]
            from instant in (DateTimeOffset[])[now.AddMonths(-60), now.AddMonths(-28)]
            select $"{table}_{Quarter(instant)}_expired"
        );

        // Runs that were in the default partition can be attached again too, with their counts.
        (await ReadAsync<int>($"SELECT attach_expired_runs('{Quarter(now.AddMonths(-60))}')")).ShouldBe(2);
        (await ReadAsync<Guid[]>("SELECT array_agg(id ORDER BY id) FROM runs")).ShouldBe([ancient, young, newest]);
        (await ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(3);
        (await ReadAsync<long>("SELECT count(*) FROM expired_partitions")).ShouldBe(2);

        await TestDatabase.ExecuteAsync(
            _connectionString,
            "UPDATE expired_partitions SET detached_date_time = detached_date_time - interval '1 day'"
        );
        (await KeepUpAsync(retention, now)).ShouldBeTrue();

        (
            await ReadAsync<bool>($"SELECT to_regclass('runs_{Quarter(now.AddMonths(-28))}_expired') IS NULL")
        ).ShouldBeTrue();
        (
            await ReadAsync<bool>($"SELECT to_regclass('runs_{Quarter(now.AddMonths(-60))}_expired') IS NULL")
        ).ShouldBeFalse();
        (await ReadAsync<Guid[]>("SELECT array_agg(id ORDER BY id) FROM runs")).ShouldBe([young, newest]);
        (await ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(2);
        old.ShouldNotBe(ancient);
    }

    [Theory]
    [InlineData("month", "2031m02", "2031m03")]
    [InlineData("week", "2031w06", "2031w07")]
    [InlineData("day", "20310203", "20310206")]
    public async Task Partitions_made_ahead_have_the_width_of_the_setting(string width, string first, string last)
    {
        var early = await InsertAsync(_now);

        await KeepUpAsync(new RetentionOptions(), _now, width: width);
        await KeepUpAsync(new RetentionOptions(), _now, width: width);

        var made = await ReadSuffixesAsync("2031");
        made[0].ShouldBe(first);
        made[^1].ShouldBe(last);
        (await ReadAsync<string>($"SELECT tableoid::regclass::text FROM runs WHERE id = '{early}'")).ShouldBe(
            $"runs_{first}"
        );
        (
            await ReadAsync<string>($"SELECT tableoid::regclass::text FROM run_activities WHERE run_id = '{early}'")
        ).ShouldBe($"run_activities_{first}");
    }

    [Fact]
    public async Task Changed_width_applies_to_new_partitions_and_leaves_no_gap()
    {
        await KeepUpAsync(new RetentionOptions(), _now);
        await KeepUpAsync(new RetentionOptions(), _now, width: "day");
        (await ReadSuffixesAsync("2031")).ShouldBe(["2031q1", "2031q2"]);

        await KeepUpAsync(new RetentionOptions(), new(2031, 6, 29, 0, 0, 0, TimeSpan.Zero), width: "day");
        (await ReadSuffixesAsync("2031")).ShouldBe(["2031q1", "2031q2", "20310701", "20310702"]);

        await KeepUpAsync(new RetentionOptions(), new(2031, 7, 20, 0, 0, 0, TimeSpan.Zero), width: "week");
        await KeepUpAsync(new RetentionOptions(), new(2031, 7, 21, 0, 0, 0, TimeSpan.Zero), width: "quarter");
        var instants = await ReadAsync<string[]>(
            "SELECT array_agg(suffix ORDER BY first) FROM attached_partitions() WHERE parent = 'runs' "
                + "AND first >= '2031-07-03' AND first < '2032-01-01'"
        );
        instants.ShouldBe(["2031w29", "2031w30", .. Days(7, 28, 31), "2031m08", "2031m09", "2031q4"]);

        static IEnumerable<string> Days(int month, int first, int last) =>
            Enumerable.Range(first, last - first + 1).Select(day => $"2031{month:00}{day:00}");
    }

    [Fact]
    public async Task Width_that_is_unknown_is_refused()
    {
        (
            await Should.ThrowAsync<PostgresException>(() =>
                TestDatabase.ExecuteAsync(_connectionString, "SELECT create_runs_partition(now(), 'year')")
            )
        ).MessageText.ShouldContain("must be quarter, month, week or day");
    }

    /// <summary>The week from 29 December 2025 belongs to two quarters.</summary>
    [Theory]
    [InlineData("day", "20251231", 1)]
    [InlineData("week", "2026w01", 2)]
    [InlineData("month", "2025m12", 1)]
    public async Task Retention_of_narrow_partitions_keeps_counts_exact(string width, string suffix, int expired)
    {
        DateTimeOffset now =
            width == "day" ? new(2026, 1, 1, 1, 0, 0, TimeSpan.Zero) : new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);
        foreach (var instant in (string[])["2025-12-31T12:00Z", "2026-01-01T12:00Z", "2026-01-04T12:00Z"])
        {
            await TestDatabase.ExecuteAsync(_connectionString, $"SELECT create_runs_partition('{instant}', '{width}')");
        }

        await InsertAsync(new(2025, 12, 31, 12, 0, 0, TimeSpan.Zero));
        await InsertAsync(new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        await InsertAsync(new(2026, 2, 5, 12, 0, 0, TimeSpan.Zero));
        await TestDatabase.ExecuteAsync(
            _connectionString,
            $"SELECT detach_runs_before('{now:O}'); SELECT subtract_expired_runs()"
        );

        (await ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(3 - expired);
        (await ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(3 - expired);
        (await ReadAsync<bool>("SELECT bool_or(is_counted) FROM expired_partitions")).ShouldBeFalse();

        (await ReadAsync<int>($"SELECT attach_expired_runs('{suffix}')")).ShouldBe(2);
        (await ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(3);
        (await ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(3);

        // A partition that is attached again before it was subtracted is still counted.
        await TestDatabase.ExecuteAsync(
            _connectionString,
            $"SELECT detach_runs_before('{now:O}'); SELECT attach_expired_runs('{suffix}')"
        );
        (await ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(3);
    }

    [Fact]
    public async Task Maintenance_detaches_and_drops_expired_days()
    {
        // A day of the current quarter gets no partition of its own while the quarter has one.
        await TestDatabase.ExecuteAsync(
            _connectionString,
            """
            DO $$
            DECLARE
                attached record;
            BEGIN
                FOR attached IN SELECT * FROM attached_partitions() LOOP
                    EXECUTE format('DROP TABLE %I', attached.parent || '_' || attached.suffix);
                END LOOP;
            END
            $$
            """
        );
        var now = DateTimeOffset.UtcNow;
        foreach (var age in (int[])[40, 35, 20])
        {
            await TestDatabase.ExecuteAsync(
                _connectionString,
                $"SELECT create_runs_partition('{now.AddDays(-age):O}', 'day')"
            );
            await InsertAsync(now.AddDays(-age));
        }

        var (stray, newest) = (await InsertAsync(now.AddDays(-50)), await InsertAsync(now));
        var retention = new RetentionOptions { Months = 1 };

        (await KeepUpAsync(retention, now, width: "day")).ShouldBeTrue();

        (await ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(2);
        (await ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(2);
        (await ReadAsync<string[]>("SELECT array_agg(name ORDER BY name) FROM expired_partitions")).ShouldBe(
            from table in (string[])["run_activities", "runs"]
            from age in (int[])[50, 40, 35]
            select $"{table}_{now.AddDays(-age):yyyyMMdd}_expired"
        );

        await TestDatabase.ExecuteAsync(
            _connectionString,
            "UPDATE expired_partitions SET detached_date_time = detached_date_time - interval '1 day'"
        );
        (await KeepUpAsync(retention, now, width: "day")).ShouldBeTrue();
        (await ReadAsync<long>("SELECT count(*) FROM pg_class WHERE relname ~ '_expired$'")).ShouldBe(0);
        (await ReadAsync<Guid[]>("SELECT array_agg(id) FROM runs")).ShouldContain(newest);
        stray.ShouldNotBe(newest);
    }

    /// <summary>
    /// The range is that of the runs before and after the trigger exists. Each change of it is a new version.
    /// </summary>
    [Fact]
    public async Task Range_of_starts_of_an_ended_partition_contains_late_runs()
    {
        var now = DateTimeOffset.UtcNow;
        var ended = now.AddMonths(-4);
        await CreateAsync(ended);
        var first = await InsertAsync(ended);

        (await KeepUpAsync(new RetentionOptions(), now)).ShouldBeTrue();

        var start = await ReadAsync<DateTime>($"SELECT start_date_time FROM runs WHERE id = '{first}'");
        (
            await ReadAsync<DateTime[]>("SELECT ARRAY[earliest, latest] FROM run_start_ranges WHERE is_complete")
        ).ShouldBe([start, start]);
        var version = await ReadAsync<Guid>("SELECT version FROM run_start_versions");
        await InsertAsync(ended);
        (await ReadAsync<bool>("SELECT latest > earliest FROM run_start_ranges")).ShouldBeTrue();
        await TestDatabase.ExecuteAsync(
            _connectionString,
            $"UPDATE runs SET start_date_time = '2001-02-03T00:00Z' WHERE id = '{first}'"
        );
        (await ReadAsync<DateTime>("SELECT earliest FROM run_start_ranges")).ShouldBe(
            new DateTime(2001, 2, 3, 0, 0, 0, DateTimeKind.Utc)
        );
        (await ReadAsync<Guid>("SELECT version FROM run_start_versions")).ShouldNotBe(version);

        await InsertAsync(now);
        (await KeepUpAsync(new RetentionOptions { Months = 1 }, now)).ShouldBeTrue();
        (await ReadAsync<long>("SELECT count(*) FROM run_start_ranges")).ShouldBe(0);
        (await ReadAsync<int>($"SELECT attach_expired_runs('{Quarter(ended)}')")).ShouldBe(2);
        (await KeepUpAsync(new RetentionOptions(), now)).ShouldBeTrue();
        (await ReadAsync<long>("SELECT count(*) FROM run_start_ranges WHERE is_complete")).ShouldBe(1);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task Retention_drops_nothing_while_the_clocks_of_service_and_database_differ(int years)
    {
        var now = DateTimeOffset.UtcNow;
        await CreateAsync(now.AddMonths(-28));
        await InsertAsync(now.AddMonths(-28));
        await InsertAsync(now);
        await TestDatabase.ExecuteAsync(
            _connectionString,
            "CREATE TABLE runs_1999q1_expired (); "
                + "INSERT INTO expired_partitions VALUES ('runs_1999q1_expired', now() - interval '2 days')"
        );
        var log = new LogLines<DatabaseMaintenanceService>();

        await KeepUpAsync(new RetentionOptions { Months = 24 }, now.AddYears(years), log);

        (await ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(2);
        (await ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(2);
        (await ReadAsync<long>("SELECT count(*) FROM expired_partitions WHERE to_regclass(name) IS NOT NULL")).ShouldBe(
            1
        );
        log.ShouldContain(message => message.Contains("differ by more than an hour", StringComparison.Ordinal));
    }

    /// <summary>
    /// Simulates a machine that wakes decades later together with its database. Both clocks agree, but no run is from
    /// that time.
    /// </summary>
    [Fact]
    public async Task Retention_goes_by_the_newest_run_when_both_clocks_are_ahead_of_it()
    {
        var now = DateTimeOffset.UtcNow;
        await CreateAsync(now.AddMonths(-120));
        await CreateAsync(now.AddMonths(-60));
        await InsertAsync(now.AddMonths(-120));
        var newest = await InsertAsync(now.AddMonths(-60));

        await KeepUpAsync(new RetentionOptions { Months = 12 }, now);

        (await ReadAsync<Guid[]>("SELECT array_agg(id) FROM runs")).ShouldBe([newest]);
    }

    /// <summary>
    /// A lock prevents the activities from being detached. That step changes nothing, and the steps after it run.
    /// </summary>
    [Fact]
    public async Task Step_that_fails_changes_nothing_and_does_not_keep_the_others_from_running()
    {
        var now = DateTimeOffset.UtcNow;
        await CreateAsync(now.AddMonths(-28));
        await InsertAsync(now.AddMonths(-28));
        await InsertAsync(now);
        await TestDatabase.ExecuteAsync(
            _connectionString,
            "INSERT INTO idempotency_records SELECT gen_random_uuid(), gen_random_uuid(), '', gen_random_uuid(), TRUE, "
                + "now() - interval '2 days' FROM generate_series(1, 25000) AS n"
        );
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync(Cancellation);
        await using var holder = await connection.BeginTransactionAsync(Cancellation);
        await using (var hold = new NpgsqlCommand("LOCK TABLE run_activities IN ACCESS SHARE MODE", connection))
        {
            await hold.ExecuteNonQueryAsync(Cancellation);
        }

        var log = new LogLines<DatabaseMaintenanceService>();
        (await KeepUpAsync(new RetentionOptions { Months = 24 }, now, log, new HastyClock())).ShouldBeFalse();

        (await ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(2);
        (await ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(2);
        (await ReadAsync<long>("SELECT count(*) FROM expired_partitions")).ShouldBe(0);
        (await ReadAsync<long>("SELECT count(*) FROM idempotency_records")).ShouldBe(0);
        log.ShouldContain(message => message.Contains("could not detach expired partitions", StringComparison.Ordinal));
    }

    /// <summary>A long read keeps the partitions attached. Other sessions read and write meanwhile.</summary>
    [Fact]
    public async Task Detaching_that_waits_for_a_long_read_lets_commits_through()
    {
        var now = DateTimeOffset.UtcNow;
        await CreateAsync(now.AddMonths(-28));
        await InsertAsync(now.AddMonths(-28));
        var newest = await InsertAsync(now);
        await KeepUpAsync(new RetentionOptions(), now);
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync(Cancellation);
        await using var holder = await connection.BeginTransactionAsync(Cancellation);
        await using var hold = new NpgsqlCommand("SELECT count(*) FROM runs", connection);
        await hold.ExecuteNonQueryAsync(Cancellation);

        // Like a commit, which stops waiting for a lock after 200 ms.
        await using var writer = new NpgsqlConnection($"{_connectionString};Options=-c lock_timeout=200ms");
        await writer.OpenAsync(Cancellation);
        await using var write = new NpgsqlCommand("UPDATE runs SET version = version + 1", writer);
        var clock = new HastyClock();
        var maintenance = KeepUpAsync(new RetentionOptions { Months = 24 }, now, clock: clock);
        var (written, refused) = (0, 0);
        while (clock.Timers < 5)
        {
            maintenance.IsCompleted.ShouldBeFalse();
            try
            {
                await write.ExecuteNonQueryAsync(Cancellation);
                (written, refused) = (written + 1, 0);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                // A commit that meets a lock is repeated for two seconds.
                (++refused).ShouldBeLessThan(10);
            }
        }

        written.ShouldBeGreaterThan(0);

        await holder.RollbackAsync(Cancellation);
        (await maintenance).ShouldBeTrue();
        (await ReadAsync<Guid[]>("SELECT array_agg(id) FROM runs")).ShouldBe([newest]);
    }

    [Fact]
    public async Task Standby_is_left_alone()
    {
        await using var source = DataSources.MaintenanceConnections(_connectionString);
        var (clock, log) = (new PausingClock(), new LogLines<DatabaseMaintenanceService>());
        using var metrics = new DatabaseMetrics();
        using var service = new DatabaseMaintenanceService(
            source,
            new Standby(),
            new RetentionOptions(),
            new PartitionOptions(),
            new DatabaseOptions(),
            new RunArchive(source, new Ids(), TimeProvider.System),
            metrics,
            clock,
            log
        );

        await service.StartAsync(Cancellation);
        await clock.Paused.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await service.StopAsync(Cancellation);

        (await ReadAsync<bool>("SELECT to_regclass('runs_2031q1') IS NULL")).ShouldBeTrue();
        log.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_remembered_no_longer_is_cleared_away()
    {
        await TestDatabase.ExecuteAsync(
            _connectionString,
            """
            INSERT INTO run_tombstones
            SELECT gen_random_uuid(), gen_random_uuid(), n, now() - n * interval '1 day'
            FROM generate_series(29, 33) AS n;
            INSERT INTO idempotency_records
            SELECT gen_random_uuid(), gen_random_uuid(), convert_to(n::text, 'UTF8'), gen_random_uuid(), TRUE,
                now() - n * interval '1 hour'
            FROM generate_series(22, 26) AS n;
            INSERT INTO used_sign_in_codes
            SELECT ('00000000-0000-4000-8000-0000000000' || n)::uuid, now() - n * interval '1 hour'
            FROM generate_series(22, 26) AS n;
            """
        );

        await KeepUpAsync(new RetentionOptions(), DateTimeOffset.UtcNow);

        (
            await ReadAsync<long[]>("SELECT array_agg(change_number ORDER BY change_number) FROM run_tombstones")
        ).ShouldBe([29, 30]);
        (
            await ReadAsync<string[]>(
                "SELECT array_agg(convert_from(request_fingerprint, 'UTF8') ORDER BY request_fingerprint) "
                    + "FROM idempotency_records"
            )
        ).ShouldBe(["22", "23"]);
        (
            await ReadAsync<string[]>("SELECT array_agg(right(id::text, 2) ORDER BY id) FROM used_sign_in_codes")
        ).ShouldBe(["22", "23"]);
    }

    [Fact]
    public async Task Purge_by_a_service_whose_clock_is_ahead_keeps_what_is_remembered()
    {
        await TestDatabase.ExecuteAsync(
            _connectionString,
            """
            INSERT INTO run_tombstones VALUES (gen_random_uuid(), gen_random_uuid(), 1, now());
            INSERT INTO idempotency_records
            VALUES (gen_random_uuid(), gen_random_uuid(), '', gen_random_uuid(), TRUE, now());
            INSERT INTO used_sign_in_codes VALUES (gen_random_uuid(), now());
            """
        );

        await KeepUpAsync(new RetentionOptions(), DateTimeOffset.UtcNow.AddYears(1));

        (
            await ReadAsync<long>(
                "SELECT (SELECT count(*) FROM run_tombstones) + (SELECT count(*) FROM idempotency_records) "
                    + "+ (SELECT count(*) FROM used_sign_in_codes)"
            )
        ).ShouldBe(3);
    }

    [Theory]
    [InlineData("idempotency_records", "created_date_time")]
    [InlineData("run_tombstones", "deleted_date_time")]
    public async Task Purge_reads_no_table_from_its_start(string table, string column)
    {
        await TestDatabase.ExecuteAsync(
            _connectionString,
            """
            INSERT INTO idempotency_records
            SELECT gen_random_uuid(), gen_random_uuid(), '', gen_random_uuid(), TRUE, now() - n * interval '1 minute'
            FROM generate_series(1, 50000) AS n;
            INSERT INTO run_tombstones
            SELECT gen_random_uuid(), gen_random_uuid(), n, now() - n * interval '1 hour'
            FROM generate_series(1, 50000) AS n;
            ANALYZE;
            """
        );
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync(Cancellation);
        await using var explain = new NpgsqlCommand(
            $"EXPLAIN {DatabaseMaintenanceService.PurgeStatement(table, column)}",
            connection
        );
        explain.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = DateTimeOffset.MinValue.UtcDateTime });
        explain.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = DateTime.UtcNow.AddDays(-1) });
        var plan = new List<string>();
        await using var rows = await explain.ExecuteReaderAsync(Cancellation);
        while (await rows.ReadAsync(Cancellation))
        {
            plan.Add(rows.GetString(0));
        }

        plan.ShouldContain(line => line.Contains($"Index Scan using ix_{table}_{column}", StringComparison.Ordinal));
        plan.ShouldNotContain(line =>
            line.Contains("Seq Scan", StringComparison.Ordinal) || line.Contains("Sort", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Quarter_is_dropped_only_after_its_archive_is_complete()
    {
        using var files = new TemporaryDirectory();
        var folder = Path.Combine(files.Path, "archive");
        await File.WriteAllTextAsync(folder, "a file, not a folder", Cancellation);
        var now = DateTimeOffset.UtcNow;
        await CreateAsync(now.AddMonths(-28));
        var (old, _) = (await InsertAsync(now.AddMonths(-28)), await InsertAsync(now));
        var retention = new RetentionOptions { Months = 24, ArchiveFolder = folder };
        (await KeepUpAsync(retention, now)).ShouldBeFalse();
        await TestDatabase.ExecuteAsync(
            _connectionString,
            "UPDATE expired_partitions SET detached_date_time = now() - interval '2 days'"
        );

        (await KeepUpAsync(retention, now)).ShouldBeFalse();

        var partition = $"runs_{Quarter(now.AddMonths(-28))}_expired";
        (await ReadAsync<Guid>($"SELECT id FROM {partition}")).ShouldBe(old);

        File.Delete(folder);
        (await KeepUpAsync(retention, now)).ShouldBeTrue();

        (await ReadAsync<bool>($"SELECT to_regclass('{partition}') IS NULL")).ShouldBeTrue();
        var archive = Path.Combine(folder, Quarter(now.AddMonths(-28)));
        await using var lines = new GZipStream(
            File.OpenRead(Path.Combine(archive, $"{old}.ndjson.gz")),
            CompressionMode.Decompress
        );
        using var reader = new StreamReader(lines);
        (await reader.ReadToEndAsync(Cancellation)).ShouldBe($"{old}\n");
    }

    private async Task<bool> KeepUpAsync(
        RetentionOptions retention,
        DateTimeOffset now,
        LogLines<DatabaseMaintenanceService>? logger = null,
        TimeProvider? clock = null,
        string width = "quarter"
    )
    {
        await using var source = DataSources.MaintenanceConnections(_connectionString);
        using var metrics = new DatabaseMetrics();
        using var service = new DatabaseMaintenanceService(
            source,
            new Serving(),
            retention,
            new PartitionOptions { Width = width },
            new DatabaseOptions(),
            new RunArchive(source, new Ids(), TimeProvider.System),
            metrics,
            clock ?? TimeProvider.System,
            logger ?? []
        );
        return await service.RunMaintenanceAsync(now, Cancellation);
    }

    private Task<string[]> ReadSuffixesAsync(string prefix) =>
        ReadAsync<string[]>(
            "SELECT array_agg(suffix ORDER BY first) FROM attached_partitions() "
                + $"WHERE parent = 'runs' AND starts_with(suffix, '{prefix}')"
        );

    private static string Quarter(DateTimeOffset instant) => $"{instant.Year}q{((instant.Month - 1) / 3) + 1}";

    private Task CreateAsync(DateTimeOffset instant) =>
        TestDatabase.ExecuteAsync(_connectionString, $"SELECT create_runs_partition('{instant:O}')");

    private async Task<Guid> InsertAsync(DateTimeOffset instant)
    {
        var id = Guid.CreateVersion7(instant);
        await TestDatabase.ExecuteAsync(
            _connectionString,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                last_modified_date_time, version, statistics)
            VALUES ('{{id}}', '{{id}}', 'x', now(), 0, '{{instant:O}}', now(), 1, '{}');
            INSERT INTO run_activities (tenant_id, run_id, id, type, display_name, status)
            VALUES ('{{id}}', '{{id}}', '{{id}}', 0, 'a', 0);
            INSERT INTO run_counts
            VALUES ('{{id}}', date_trunc('quarter', '{{instant:O}}'::timestamptz AT TIME ZONE 'UTC'), 0, 0, 1);
            """
        );
        return id;
    }

    private async Task<T> ReadAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private sealed class Serving : IDatabaseHealth
    {
        public DatabaseOutage? Outage => null;

        public DatabaseOutage? WriteOutage => null;

        public string? ServerVersion => null;

        public DatabaseOutage? Classify(Exception exception) => null;
    }

    private sealed class Standby : IDatabaseHealth
    {
        public DatabaseOutage? Outage => null;

        public DatabaseOutage? WriteOutage { get; } =
            new("databaseReadOnly", "The database is read-only.", TimeSpan.FromSeconds(1));

        public string? ServerVersion => null;

        public DatabaseOutage? Classify(Exception exception) => null;
    }

    /// <summary>A clock whose timers elapse after a fiftieth of their time.</summary>
    private sealed class HastyClock : TimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref _timers);
            return base.CreateTimer(callback, state, dueTime / 50, period);
        }
    }

    /// <summary>A clock in the year 2031 that signals the first pause.</summary>
    private sealed class PausingClock : TimeProvider
    {
        private readonly TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Paused => _paused.Task;

        public override DateTimeOffset GetUtcNow() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _paused.TrySetResult();
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }

    /// <summary>Encodes a run as its id.</summary>
    private sealed class Ids : IRunLineEncoder
    {
        public ReadOnlyMemory<byte> Encode(RunListItem run) => Encoding.UTF8.GetBytes($"{run.Id}");
    }
}
