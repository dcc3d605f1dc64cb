using IndustryData.Application.Common;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Schema;

public sealed class UpkeepTests(TestDatabase database) : IAsyncLifetime
{
    private static readonly DateTimeOffset _now = new(2031, 2, 3, 4, 5, 6, TimeSpan.Zero);
    private string _connectionString = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _connectionString = await database.CreateDatabaseAsync();
        await InfrastructureServices.MigrateAsync(_connectionString, TimeSpan.FromSeconds(10), Cancellation);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Partitions_are_made_ahead_and_take_over_what_came_before_them()
    {
        var early = await InsertAsync(_now);

        await KeepUpAsync(new Retention());
        await KeepUpAsync(new Retention());

        (await ReadAsync<string[]>("SELECT array_agg(relname::text ORDER BY relname) FROM pg_class WHERE relname ~ '^run.*2031q[1-4]$|^run.*2032q[1-4]$' AND relkind = 'r'"))
            .ShouldBe(from table in (string[])["run_activities", "runs"] from quarter in (string[])["2031q1", "2031q2"] select $"{table}_{quarter}");
        (await ReadAsync<string>($"SELECT tableoid::regclass::text FROM runs WHERE id = '{early}'")).ShouldBe("runs_2031q1");
        (await ReadAsync<string>($"SELECT tableoid::regclass::text FROM run_activities WHERE run_id = '{early}'")).ShouldBe("run_activities_2031q1");
        (await ReadAsync<long>("SELECT count(*) FROM pg_indexes WHERE tablename = 'runs_2031q1'")).ShouldBe(await ReadAsync<long>("SELECT count(*) FROM pg_indexes WHERE tablename = 'runs'"));
    }

    [Fact]
    public async Task Quarters_that_are_old_enough_go_with_their_activities_and_counts()
    {
        await CreateAsync(_now.AddMonths(-28));
        await CreateAsync(_now.AddMonths(-25));
        var (old, young) = (await InsertAsync(_now.AddMonths(-28)), await InsertAsync(_now.AddMonths(-25)));
        await InsertAsync(_now.AddMonths(-60));

        await KeepUpAsync(new Retention());
        (await ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(3);
        await KeepUpAsync(new Retention { Months = 24 });

        (await ReadAsync<Guid[]>("SELECT array_agg(id) FROM runs")).ShouldBe([young]);
        (await ReadAsync<Guid[]>("SELECT array_agg(run_id) FROM run_activities")).ShouldBe([young]);
        (await ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(1);
        (await ReadAsync<bool>("SELECT to_regclass('runs_2028q4') IS NULL")).ShouldBeTrue();
        old.ShouldNotBe(young);
    }

    [Fact]
    public async Task What_is_remembered_no_longer_is_cleared_away()
    {
        await TestDatabase.ExecuteAsync(
            _connectionString,
            $"""
            INSERT INTO run_deletions SELECT gen_random_uuid(), gen_random_uuid(), n, '{_now:O}'::timestamptz - n * interval '1 day' FROM generate_series(29, 33) AS n;
            INSERT INTO kept_requests SELECT gen_random_uuid(), n::text, '', gen_random_uuid(), TRUE, '{_now:O}'::timestamptz - n * interval '1 hour' FROM generate_series(22, 26) AS n;
            """);

        await KeepUpAsync(new Retention());

        (await ReadAsync<long[]>("SELECT array_agg(change_number ORDER BY change_number) FROM run_deletions")).ShouldBe([29, 30, 31]);
        (await ReadAsync<string[]>("SELECT array_agg(name ORDER BY name) FROM kept_requests")).ShouldBe(["22", "23", "24"]);
    }

    private async Task KeepUpAsync(Retention retention)
    {
        await using var source = NpgsqlDataSource.Create(_connectionString);
        using var upkeep = new Upkeep(source, new Serving(), retention, TimeProvider.System, NullLogger<Upkeep>.Instance);
        await upkeep.RunAsync(_now, Cancellation);
    }

    private Task CreateAsync(DateTimeOffset instant) => TestDatabase.ExecuteAsync(_connectionString, $"SELECT create_runs_partition('{instant:O}')");

    private async Task<Guid> InsertAsync(DateTimeOffset instant)
    {
        var id = Guid.CreateVersion7(instant);
        await TestDatabase.ExecuteAsync(
            _connectionString,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time, last_modified_date_time, version, statistics)
            VALUES ('{{id}}', '{{id}}', 'x', now(), 0, now(), now(), 1, '{}');
            INSERT INTO run_activities (tenant_id, run_id, id, type, display_name, status) VALUES ('{{id}}', '{{id}}', '{{id}}', 0, 'a', 0);
            INSERT INTO run_counts VALUES ('{{id}}', date_trunc('quarter', '{{instant:O}}'::timestamptz AT TIME ZONE 'UTC'), 0, 0, 1);
            """);
        return id;
    }

    private async Task<T> ReadAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private sealed class Serving : IDatabaseStatus
    {
        public DatabaseOutage? Outage => null;

        public DatabaseOutage? WriteOutage => null;

        public DatabaseOutage? Report(Exception exception) => null;
    }
}
