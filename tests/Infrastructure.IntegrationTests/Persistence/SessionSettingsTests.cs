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

    private static async Task<string> SettingAsync(NpgsqlDataSource pool, string name)
    {
        await using var command = pool.CreateCommand($"SELECT current_setting('{name}')");
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
