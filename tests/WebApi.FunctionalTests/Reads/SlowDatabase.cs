using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>
/// A database in which each statement that reads the runs of the test tenant sleeps. Statements of other tenants do not
/// sleep. Statements of the service itself do not sleep either, because they have no statement_timeout.
/// </summary>
internal static class SlowDatabase
{
    /// <summary>Creates the database with one run of the test tenant and one run of the other tenant.</summary>
    /// <param name="database">A database on the server to use.</param>
    /// <param name="sleep">The time that a statement sleeps.</param>
    /// <returns>The connection string of the new database.</returns>
    public static async Task<string> CreateAsync(TestDatabase database, TimeSpan sleep)
    {
        var own = await database.CreateMigratedDatabaseAsync();
        var seconds = FormattableString.Invariant($"{sleep.TotalSeconds}");
        await TestDatabase.ExecuteAsync(
            own,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                last_modified_date_time, version, statistics)
            SELECT tenant, gen_random_uuid(), 'run', now(), 0, now(), now(), 1, '{}'
            FROM unnest(ARRAY['{{Tokens.Tenant}}', '{{Tokens.OtherTenant}}']::uuid[]) AS tenant;
            ALTER TABLE runs RENAME TO stored_runs;
            CREATE VIEW runs AS SELECT * FROM stored_runs
            WHERE tenant_id <> '{{Tokens.Tenant}}' OR current_setting('statement_timeout') = '0'
                OR pg_sleep({{seconds}}) IS NOT NULL;
            GRANT SELECT ON runs TO industrydata_reader, industrydata_writer;
            """
        );
        return own;
    }

    /// <summary>Returns the number of statements that sleep now.</summary>
    public static async Task<long> SleepingAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
            connection
        );
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>Waits until the given number of statements sleep.</summary>
    public static async Task UntilSleepingAsync(string connectionString, long count)
    {
        await Poll.UntilAsync(
            async () => await SleepingAsync(connectionString) == count,
            $"The sleep of {count} statements"
        );
    }
}
