using System.Globalization;
using System.Text.Json;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;
using IndustryData.Infrastructure.Persistence.Standbys;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IndustryData.Infrastructure.IntegrationTests.Persistence;

/// <summary>Compares what is read from the counts by hour with what is read from the runs.</summary>
[Collection(typeof(SerialTests))]
public sealed class RunHourTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string Change = "change_number = change_number(pg_current_xact_id())";

    private static readonly TenantId _tenant = new(new Guid("00000000-0000-4000-8000-00000000000a"));
    private static readonly TenantId _otherTenant = new(new Guid("00000000-0000-4000-8000-00000000000b"));
    private static readonly DateTimeOffset _first = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly StartSpan _span = new(_first, _first.AddDays(10));
    private static readonly TimeSpan _hour = TimeSpan.FromHours(1);

    // Selects all runs, but not by the counts.
    private static readonly RunCriteria _everyRun = new(new LogicalFilter(IsConjunction: true, []), []);

    private readonly SlowReads _limits = new(new LimitOptions());
    private readonly CancelRequests _cancels = new();
    private readonly DatabaseAvailability _availability = new(TimeProvider.System);
    private readonly DatabaseMetrics _metrics = new();
    private string _connectionString = "";
    private NpgsqlDataSource _reads = null!;
    private NpgsqlDataSource _owner = null!;
    private ReadSessions _sessions = null!;
    private StandbyServers _standbys = null!;
    private EndedPartitionStore _partitions = null!;
    private RunReader _reader = null!;
    private RunHourCounter _counter = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _connectionString = await database.CreateMigratedDatabaseAsync();
        _reads = DataSources.Reads(_connectionString, TimeSpan.FromSeconds(60));
        _owner = DataSources.MaintenanceConnections(_connectionString);
        var timeout = new ReadTimeoutOptions { Timeout = TimeSpan.FromSeconds(60) };
        _standbys = new StandbyServers(
            _connectionString,
            new DatabaseOptions(),
            timeout,
            _cancels,
            _metrics,
            TimeProvider.System,
            NullLoggerFactory.Instance
        );
        _sessions = new ReadSessions(
            _reads,
            _reads,
            _reads,
            _reads,
            timeout,
            _availability,
            _limits,
            _cancels,
            _standbys,
            new DatabaseOptions()
        );
        _partitions = new EndedPartitionStore(_sessions, TimeProvider.System, NullLogger<EndedPartitionStore>.Instance);
        _reader = new RunReader(
            _sessions,
            new RunLookups(_sessions.OpenLookupAsync, NullLogger<RunLookups>.Instance),
            new ListWindows(_partitions),
            _standbys,
            new DatabaseOptions(),
            _owner
        );
        _counter = new RunHourCounter(_owner);
    }

    public async ValueTask DisposeAsync()
    {
        _partitions.Dispose();
        _standbys.Dispose();
        await _reads.DisposeAsync();
        await _owner.DisposeAsync();
        _metrics.Dispose();
        _availability.Dispose();
        _cancels.Dispose();
        _limits.Dispose();
    }

    /// <summary>
    /// Runs of two tenants are added, changed, moved and deleted, and their quarters detached and attached. Some
    /// changes commit some steps later. Portions are counted in between. After each step, every query is compared.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Counts_are_those_of_the_runs_after_each_change_and_each_count(int seed)
    {
        var random = new Random(seed);
        await ExecuteAsync(
            $"SELECT create_runs_partition(now() - n * interval '9 months') FROM generate_series(0, 1) n"
        );
        await AddAsync(_tenant, 600, random);
        await AddAsync(_otherTenant, 50, random);
        var open = new List<NpgsqlConnection>();
        var (counted, log) = (0, new List<string>());
        for (var step = 0; step < 80; step++)
        {
            var change = RandomChange(random);
            switch (random.Next(8))
            {
                case 0 when open.Count < 2:
                    var connection = new NpgsqlConnection(
                        $"{_connectionString};Pooling=false;Options=-c lock_timeout=50"
                    );
                    await connection.OpenAsync(Cancellation);
                    open.Add(connection);
                    log.Add($"open: {change}");
                    await TryAsync(connection, $"BEGIN; {change}");
                    break;
                case 1 when open.Count > 0:
                    log.Add("commit");
                    await TryAsync(open[0], random.Next(4) > 0 ? "COMMIT" : "ROLLBACK");
                    await open[0].DisposeAsync();
                    open.RemoveAt(0);
                    break;
                case 2 or 3 or 4:
                    log.Add("count");
                    await CountAsync(_tenant, random.Next(4) > 0 ? TimeSpan.Zero : _hour);
                    break;
                default:
                    log.Add(change);
                    await using (var own = new NpgsqlConnection($"{_connectionString};Options=-c lock_timeout=50"))
                    {
                        await own.OpenAsync(Cancellation);
                        await TryAsync(own, change);
                    }

                    break;
            }

            counted += await IsCountedAsync() ? 1 : 0;
            await ShouldAgreeAsync(random, $"seed {seed}, step {step}:\n{string.Join('\n', log)}");
        }

        foreach (var connection in open)
        {
            await connection.DisposeAsync();
        }

        counted.ShouldBeGreaterThan(20);
    }

    [Fact]
    public async Task Change_that_commits_after_its_hour_was_counted_is_in_the_counts()
    {
        await AddAsync(_tenant, 200, new Random(1));
        await using var late = await _owner.OpenConnectionAsync(Cancellation);
        await using var transaction = await late.BeginTransactionAsync(Cancellation);
        await using var insert = new NpgsqlCommand(Insertion(_tenant, 1, new Random(2)), late);
        await insert.ExecuteNonQueryAsync(Cancellation);
        await AddAsync(_tenant, 1, new Random(3));
        await CountAllAsync();

        await transaction.CommitAsync(Cancellation);
        await CountAllAsync();

        (await IsCountedAsync()).ShouldBeTrue();
        (await CountRunsAsync()).ShouldBe(202);
    }

    [Fact]
    public async Task Counted_hours_are_not_read_from_the_runs()
    {
        await AddAsync(_tenant, 200, new Random(1));
        await CountAllAsync();
        (await CountRunsAsync()).ShouldBe(200);

        await ExecuteAsync("UPDATE run_hours SET runs = runs + 1000 WHERE ctid = (SELECT min(ctid) FROM run_hours)");

        (await CountRunsAsync()).ShouldBe(1200);
        (await CountRunsAsync(_everyRun)).ShouldBe(200);
    }

    [Fact]
    public async Task Hour_that_changes_is_not_counted_before_it_is_quiet()
    {
        await AddAsync(_tenant, 200, new Random(1));
        await CountAllAsync();
        await ExecuteAsync(
            $"UPDATE runs SET status = 3, {Change} WHERE id = (SELECT min(id::text)::uuid FROM runs WHERE status <> 3)"
        );

        await CountAsync(_tenant, _hour);
        await CountAsync(_tenant, _hour);
        (await ReadAsync<long>("SELECT count(*) FROM outdated_run_hours")).ShouldBe(1);
        (await ReadAsync<long>("SELECT coalesce(sum(runs), 0)::bigint FROM run_hours WHERE status = 3")).ShouldBe(
            await ReadAsync<long>("SELECT count(*) - 1 FROM runs WHERE status = 3")
        );

        await CountAsync(_tenant, TimeSpan.Zero);
        (await ReadAsync<long>("SELECT count(*) FROM outdated_run_hours")).ShouldBe(0);
        (await ReadAsync<long>("SELECT coalesce(sum(runs), 0)::bigint FROM run_hours WHERE status = 3")).ShouldBe(
            await ReadAsync<long>("SELECT count(*) FROM runs WHERE status = 3")
        );
    }

    [Fact]
    public async Task Instance_counts_nothing_while_another_one_counts()
    {
        await AddAsync(_tenant, 200, new Random(1));
        await CountAllAsync();
        await AddAsync(_tenant, 1, new Random(2));
        var before = await ReadAsync<long>("SELECT change_number FROM run_hour_progress");
        await using var other = await _owner.OpenConnectionAsync(Cancellation);
        await using var transaction = await other.BeginTransactionAsync(Cancellation);
        await using var hold = new NpgsqlCommand("SELECT FROM run_hour_progress FOR UPDATE", other);
        await hold.ExecuteNonQueryAsync(Cancellation);

        await CountAsync(_tenant, TimeSpan.Zero).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        (await ReadAsync<long>("SELECT change_number FROM run_hour_progress")).ShouldBe(before);
        await transaction.RollbackAsync(Cancellation);
        await CountAsync(_tenant, TimeSpan.Zero);

        (await ReadAsync<long>("SELECT change_number FROM run_hour_progress")).ShouldBeGreaterThan(before);
    }

    [Fact]
    public async Task Count_has_no_transaction_number_while_it_reads_so_that_delta_queries_go_on()
    {
        await AddAsync(_tenant, 20, new Random(1));
        await using var other = await _owner.OpenConnectionAsync(Cancellation);
        await using var transaction = await other.BeginTransactionAsync(Cancellation);
        await using var hold = new NpgsqlCommand("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE", other);
        await hold.ExecuteNonQueryAsync(Cancellation);

        const string waiting = """
            SELECT CASE WHEN bool_or(backend_xid IS NOT NULL) THEN 'yes' ELSE 'no' END FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND query LIKE '%FROM runs%' HAVING count(*) > 0
            """;
        await using var observer = await _owner.OpenConnectionAsync(Cancellation);
        await using var ask = new NpgsqlCommand(waiting, observer);

        // A count gives up after 200 ms, so a machine that stalls may miss the wait of the first ones.
        var (hasNumber, count) = ((string?)null, Task.CompletedTask);
        for (var attempt = 0; attempt < 10 && hasNumber is null; attempt++)
        {
            count = CountAsync(_tenant, TimeSpan.Zero);
            while (hasNumber is null && !count.IsCompleted)
            {
                hasNumber = (string?)await ask.ExecuteScalarAsync(Cancellation);
            }
        }

        hasNumber.ShouldBe("no");
        await transaction.RollbackAsync(Cancellation);
        await count;
    }

    /// <summary>More than a portion of runs has the same change number.</summary>
    [Fact]
    public async Task Bulk_load_is_counted_in_portions_and_percentiles_are_within_one_percent()
    {
        await AddAsync(_tenant, 200, new Random(1));
        await CountAllAsync();
        await AddAsync(_tenant, 120_000, new Random(2));
        (await IsCountedAsync()).ShouldBeFalse();
        (await CountRunsAsync()).ShouldBe(120_200);

        await CountAsync(_tenant, TimeSpan.Zero);
        await CountAsync(_tenant, TimeSpan.Zero);
        (await ReadAsync<bool>("SELECT counted_from > '2026-03-01' FROM run_hour_progress")).ShouldBeTrue();
        await CountAllAsync();

        (await IsCountedAsync()).ShouldBeTrue();
        (await CountRunsAsync()).ShouldBe(120_200);
        var day = TimeSpan.FromDays(1);
        var measures = await _reader.MeasureByTimeAsync(_tenant, RunCriteria.All, _span, day, Cancellation);
        var exact = await _reader.MeasureByTimeAsync(_tenant, _everyRun, _span, day, Cancellation);
        measures.Count.ShouldBe(10);
        foreach (var (measure, expected) in measures.Zip(exact))
        {
            ShouldBeNear(measure.MedianDuration, expected.MedianDuration);
            ShouldBeNear(measure.P95Duration, expected.P95Duration);
            (measure with { MedianDuration = default, P95Duration = default }).ShouldBe(
                expected with
                {
                    MedianDuration = default,
                    P95Duration = default,
                }
            );
        }

        measures.ShouldNotBe(exact);

        static void ShouldBeNear(TimeSpan actual, TimeSpan expected) => (actual / expected).ShouldBe(1, 0.01);
    }

    [Fact]
    public async Task Run_that_starts_in_the_last_hour_of_the_calendar_is_counted_and_detached()
    {
        await AddAsync(_tenant, 200, new Random(1));
        await ExecuteAsync(
            $"UPDATE runs SET start_date_time = '9999-12-31 23:30:00+00', end_date_time = NULL, status = 0, "
                + $"{Change} WHERE id = (SELECT max(id::text)::uuid FROM runs)"
        );
        await CountAllAsync();
        (await CountRunsAsync()).ShouldBe(199);
        (await CountLastAsync()).ShouldBe(1);
        await ExecuteAsync("UPDATE runs SET version = version + 1, " + Change);
        await CountAllAsync();
        (await CountRunsAsync()).ShouldBe(199);
        (await _counter.ListTenantsAsync(TimeSpan.Zero, Cancellation)).ShouldBeEmpty();

        await ExecuteAsync("SELECT create_runs_partition(now() - interval '9 months')");
        await ExecuteAsync("SELECT detach_runs_before(now() - interval '6 months')");
        await ShouldAgreeAsync(new Random(1), "before it is counted");
        await CountAllAsync();

        await ShouldAgreeAsync(new Random(1), "after it is counted");
        (await ReadAsync<long>("SELECT sum(runs)::bigint FROM run_hours")).ShouldBe(
            await ReadAsync<long>("SELECT count(*) FROM runs WHERE start_date_time < '9999-12-31'")
        );

        async Task<long> CountLastAsync()
        {
            var last = DateTimeOffset.MaxValue;
            var span = new StartSpan(last.AddDays(-3) - last.AddDays(-3).TimeOfDay, last);
            return (
                await _reader.CountByTimeAsync(_tenant, RunCriteria.All, span, TimeSpan.FromDays(1), Cancellation)
            ).Sum(c => c.Count);
        }
    }

    [Fact]
    public async Task Change_without_a_change_number_is_in_the_counts()
    {
        await AddAsync(_tenant, 200, new Random(1));
        await CountAllAsync();

        await ExecuteAsync("UPDATE runs SET status = 1, start_date_time = start_date_time + interval '5 hours'");
        await ShouldAgreeAsync(new Random(1), "before it is counted");
        await CountAllAsync();

        await ShouldAgreeAsync(new Random(2), "after it is counted");
    }

    [Fact]
    public async Task Tenants_with_something_to_count_are_listed()
    {
        (await _counter.ListTenantsAsync(TimeSpan.Zero, Cancellation)).ShouldBeEmpty();

        await AddAsync(_tenant, 10, new Random(1));
        await AddAsync(_otherTenant, 10, new Random(1));
        (await _counter.ListTenantsAsync(TimeSpan.Zero, Cancellation)).ShouldBe(
            [_tenant, _otherTenant],
            ignoreOrder: true
        );
        await CountAllAsync();
        await CountAllAsync(_otherTenant);
        (await _counter.ListTenantsAsync(TimeSpan.Zero, Cancellation)).ShouldBeEmpty();

        await AddAsync(_tenant, 1, new Random(2));
        await ExecuteAsync($"DELETE FROM runs WHERE tenant_id = '{_otherTenant.Value}'");
        (await _counter.ListTenantsAsync(TimeSpan.Zero, Cancellation)).ShouldBe(
            [_tenant, _otherTenant],
            ignoreOrder: true
        );
        (await _counter.ListTenantsAsync(_hour, Cancellation)).ShouldBe([_tenant]);
        (
            await ReadAsync<long>($"SELECT sum(runs)::bigint FROM run_hours WHERE tenant_id = '{_tenant.Value}'")
        ).ShouldBe(10);
    }

    /// <summary>The change numbers of the server of the dump are higher than those of this one.</summary>
    [Fact]
    public async Task Change_after_the_restore_of_a_dump_is_in_the_counts()
    {
        await AddAsync(_tenant, 200, new Random(1));
        await CountAllAsync();
        await ExecuteAsync("UPDATE run_hour_progress SET change_number = change_number + 1000000000");
        await using (var connection = await _owner.OpenConnectionAsync(Cancellation))
        {
            await DatabaseEpochs.EnsureCurrentAsync(connection, Cancellation);
        }

        await AddAsync(_tenant, 1, new Random(2));
        (await IsCountedAsync()).ShouldBeTrue();
        (await CountRunsAsync()).ShouldBe(201);
        await CountAllAsync();

        (await CountRunsAsync()).ShouldBe(201);
    }

    [Fact]
    public async Task Service_counts_in_the_background()
    {
        await AddAsync(_tenant, 60_000, new Random(1));
        using var service = new RunHourService(
            _counter,
            new Available(),
            _metrics,
            TimeProvider.System,
            NullLogger<RunHourService>.Instance
        );

        await service.StartAsync(Cancellation);
        await Poll.UntilAsync(
            async () => await ReadAsync<long>("SELECT coalesce(sum(runs), 0)::bigint FROM run_hours") == 60_000,
            TimeSpan.FromMinutes(1),
            "The runs are not counted."
        );
        await service.StopAsync(Cancellation);

        (await IsCountedAsync()).ShouldBeTrue();
        (await CountRunsAsync()).ShouldBe(60_000);
    }

    private static string RandomChange(Random random)
    {
        var tenant = random.Next(6) > 0 ? _tenant : _otherTenant;
        var some =
            $"tenant_id = '{tenant.Value}' AND id IN "
            + $"(SELECT id FROM runs WHERE tenant_id = '{tenant.Value}' ORDER BY md5(id::text || {random.Next()}) "
            + $"LIMIT {random.Next(1, 6)})";
        var hours = random.Next(-50, 50);
        return random.Next(9) switch
        {
            0 or 1 => Insertion(tenant, random.Next(1, 10), random),
            2 => $"UPDATE runs SET status = {random.Next(0, 5)}, {Change} WHERE {some}",
            3 => $"UPDATE runs SET end_date_time = start_date_time + interval '{random.Next(9000)} s', status = 2, "
                + $"{Change} WHERE {some}",
            4 => $"UPDATE runs SET start_date_time = start_date_time + interval '{hours} hours', {Change} WHERE {some}",
            5 => $"UPDATE runs SET inbound_people = {random.Next()}, blocking_error = '{{\"code\":\"moved\"}}', "
                + $"{Change} WHERE {some}",
            6 => $"DELETE FROM runs WHERE {some}",
            7 when random.Next(4) == 0 => "SELECT detach_runs_before(now() - interval '6 months')",
            7 => $"UPDATE runs SET status = 1 WHERE {some}",
            _ when random.Next(2) == 0 =>
                "SELECT attach_expired_runs(right(left(name, -8), 6)) FROM expired_partitions "
                    + "WHERE name LIKE 'runs%' ORDER BY name LIMIT 1",
            _ => Insertion(tenant, 1, random),
        };
    }

    // Ids of two quarters, whatever the start.
    private static string Insertion(TenantId tenant, int count, Random random) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            WITH seeds AS (SELECT setseed({{random.NextDouble()}})),
                numbers AS MATERIALIZED (
                    SELECT n, '{{_first.UtcDateTime:O}}'::timestamptz + random() * interval '10 days' AS start,
                        random() AS duration, floor(random() * 5)::smallint AS status, random() AS quarter
                    FROM seeds, generate_series(1, {{count}}) AS n)
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, end_date_time, status, blocking_error,
                created_date_time, last_modified_date_time, version, statistics, inbound_errors, inbound_people)
            SELECT '{{tenant.Value}}', overlay(
                    uuid_v7_lower_bound(now() - CASE WHEN quarter < 0.3 THEN 9 ELSE 0 END * interval '1 month')::text
                    PLACING right(gen_random_uuid()::text, 22) FROM 15)::uuid,
                'x', start,
                CASE WHEN status > 0 OR n % 2 = 0 THEN start + exp(duration * 12) * interval '1 ms' END,
                status,
                CASE WHEN status = 1 AND n % 5 > 0 THEN json_build_object('code', 'c' || n % 7) END,
                now(), now(), 1, '{}', CASE WHEN n % 3 > 0 THEN n END, n * 1000
            FROM numbers
            """
        );

    private Task AddAsync(TenantId tenant, int count, Random random) =>
        ExecuteAsync(
            $"{Insertion(tenant, count, random)}; INSERT INTO run_counts VALUES ('{tenant.Value}', now(), 0, 0, 1) "
                + "ON CONFLICT DO NOTHING"
        );

    private async Task ShouldAgreeAsync(Random random, string history)
    {
        var from = _first.AddHours(random.Next(-5, 60));
        var span = new StartSpan(from, from.AddMinutes(random.Next(1, 240) * 60 + random.Next(0, 2) * random.Next(60)));
        var bucket = random.Next(1, 30) * _hour;
        foreach (var tenant in (TenantId[])[_tenant, _otherTenant])
        {
            await ShouldAgreeAsync(c => _reader.CountByTimeAsync(tenant, c, span, bucket, Cancellation));
            await ShouldAgreeAsync(c => _reader.MeasureByTimeAsync(tenant, c, span, bucket, Cancellation));
            await ShouldAgreeAsync(c => _reader.CountFailuresAsync(tenant, c, span, 10_000, 20, Cancellation));
            await ShouldAgreeAsync(c =>
                _reader.CountFailuresByTimeAsync(tenant, c, span, bucket, 10_000, 20, Cancellation)
            );
            var odd = new StartSpan(span.From.AddMinutes(random.Next(60)), span.To.AddMinutes(random.Next(60)));
            var range = new LogicalFilter(
                IsConjunction: true,
                [StartIs(ComparisonOperator.GreaterOrEqual, odd.From), StartIs(ComparisonOperator.Less, odd.To)]
            );
            var sums = await _reader.SumAsync(tenant, new RunCriteria(range, []), Cancellation);
            var exact = await _reader.SumAsync(
                tenant,
                new RunCriteria(new NotFilter(new NotFilter(range)), []),
                Cancellation
            );
            Text(sums?.Totals).ShouldBe(Text(exact?.Totals), history);
            (sums?.NewestRunId).ShouldBe(exact?.NewestRunId, history);
        }

        async Task ShouldAgreeAsync<T>(Func<RunCriteria, Task<T>> read) =>
            JsonSerializer
                .Serialize(await read(RunCriteria.All))
                .ShouldBe(JsonSerializer.Serialize(await read(_everyRun)), history);

        static string Text<TKey, TValue>(IReadOnlyDictionary<TKey, TValue>? totals) =>
            totals is null ? "" : string.Join(", ", totals.Select(t => $"{t.Key}: {t.Value}"));

        static ComparisonFilter StartIs(ComparisonOperator comparer, DateTimeOffset instant) =>
            new(new Operand(RunField.StartDateTime, null), comparer, new Operand(null, instant));
    }

    private async Task<long> CountRunsAsync(RunCriteria? criteria = null) =>
        (
            await _reader.CountByTimeAsync(
                _tenant,
                criteria ?? RunCriteria.All,
                _span,
                TimeSpan.FromDays(1),
                Cancellation
            )
        ).Sum(c => c.Count);

    private async Task<bool> IsCountedAsync()
    {
        await using var session = await _sessions.OpenAsync(_tenant, time: null, Cancellation);
        session.BeginSnapshot();
        return await CountedSpan.ReadAsync(session, _tenant, _span) is not null;
    }

    private async Task CountAllAsync(TenantId? tenant = null)
    {
        for (var i = 0; i < 20; i++)
        {
            await CountAsync(tenant ?? _tenant, TimeSpan.Zero);
        }
    }

    // Retention and other instances may prevent a count; the next one continues.
    private async Task CountAsync(TenantId tenant, TimeSpan quietTime)
    {
        try
        {
            await _counter.CountAsync(tenant, quietTime, Cancellation);
        }
        catch (PostgresException exception) when (RunHourCounter.IsConflict(exception)) { }
    }

    // A change that would have to wait for an open transaction is left out.
    private static async Task TryAsync(NpgsqlConnection connection, string sql)
    {
        try
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(Cancellation);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable) { }
    }

    private Task ExecuteAsync(string sql) => TestDatabase.ExecuteAsync(_connectionString, sql);

    private Task<T> ReadAsync<T>(string sql) => TestDatabase.ReadAsync<T>(_connectionString, sql);

    private sealed class Available : IDatabaseHealth
    {
        public DatabaseOutage? Outage => null;

        public DatabaseOutage? WriteOutage => null;

        public string? ServerVersion => null;

        public DatabaseOutage? Classify(Exception exception) => null;
    }
}
