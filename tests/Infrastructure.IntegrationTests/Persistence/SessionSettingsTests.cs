using IndustryData.Infrastructure.Persistence;
using Npgsql;

namespace IndustryData.Infrastructure.IntegrationTests.Persistence;

public sealed class SessionSettingsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan _queryTimeout = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Search_session_uses_no_parallel_workers()
    {
        await using var pool = DataSources.Reads(database.ConnectionString, _queryTimeout);

        (await SettingAsync(pool, "max_parallel_workers_per_gather")).ShouldBe("0");
    }

    /// <summary>The query reads tables that were never analyzed, so that PostgreSQL estimates a high cost.</summary>
    [Fact]
    public async Task Session_does_not_compile_a_query_of_unknown_cost()
    {
        const string query =
            "EXPLAIN (ANALYZE) SELECT * FROM run_start_versions LEFT JOIN run_start_ranges ON is_complete ORDER BY 2";
        await using var pool = DataSources.MaintenanceConnections(database.ConnectionString);
        await using var connection = await pool.OpenConnectionAsync(TestContext.Current.CancellationToken);

        (await PlanAsync(connection, query)).ShouldNotContain("JIT:");

        await ReadAsync(connection, "SELECT set_config('jit', 'on', false)");
        Assert.SkipUnless((bool)(await ReadAsync(connection, "SELECT pg_jit_available()"))!, "This server has no JIT.");
        (await PlanAsync(connection, query)).ShouldContain("JIT:");
    }

    [Fact]
    public async Task Commit_session_flushes_evicted_pages_early()
    {
        await using var pool = DataSources.CommitConnections(database.ConnectionString, TimeSpan.FromSeconds(30));

        (await SettingAsync(pool, "backend_flush_after")).ShouldBe("256kB");
    }

    [Fact]
    public async Task Read_pools_have_the_command_timeout_of_their_queries()
    {
        await using var searches = DataSources.Reads(database.ConnectionString, _queryTimeout);
        await using var indexed = DataSources.IndexedReads(database.ConnectionString, _queryTimeout);

        // Npgsql calls setsockopt for a command whose timeout differs from the timeout of its connection.
        searches.CreateConnection().CommandTimeout.ShouldBe(30);
        indexed.CreateConnection().CommandTimeout.ShouldBe(30);
        ReadSession.CommandTimeoutSeconds(_queryTimeout).ShouldBe(30);
    }

    private static async Task<string> PlanAsync(NpgsqlConnection connection, string query)
    {
        await using var command = new NpgsqlCommand(query, connection);
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var plan = new List<string>();
        while (await rows.ReadAsync(TestContext.Current.CancellationToken))
        {
            plan.Add(rows.GetString(0));
        }

        return string.Join('\n', plan);
    }

    private static async Task<object?> ReadAsync(NpgsqlConnection connection, string query)
    {
        await using var command = new NpgsqlCommand(query, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string> SettingAsync(NpgsqlDataSource pool, string name)
    {
        await using var command = pool.CreateCommand($"SELECT current_setting('{name}')");
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
