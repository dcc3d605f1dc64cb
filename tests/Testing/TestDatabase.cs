using Npgsql;

namespace IndustryData.Testing;

/// <summary>
/// The database of one test class. It has the schema. The tests of the class share it. Its owner is no superuser.
/// </summary>
public sealed class TestDatabase(TestServer server) : IAsyncLifetime
{
    // Most tables are empty, and PostgreSQL writes new files for each table and index that it truncates. A service
    // keeps the keys of sessions that it has read.
    private const string EmptySql = """
        DO $$
        DECLARE
            candidate regclass;
            row_found integer;
            filled text[];
        BEGIN
            FOR candidate IN
                SELECT oid FROM pg_class
                WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN (
                    '__EFMigrationsHistory', 'page_token_signing_keys', 'session_keys', 'run_start_versions')
            LOOP
                EXECUTE format('SELECT 1 FROM %s LIMIT 1', candidate) INTO row_found;
                IF row_found IS NOT NULL THEN
                    filled := filled || candidate::text;
                END IF;
            END LOOP;
            IF filled IS NOT NULL THEN
                EXECUTE format('TRUNCATE %s', array_to_string(filled, ', '));
            END IF;
        END
        $$
        """;

    private readonly List<string> _created = [];

    /// <summary>The connection string of the owner.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>True if the tables are distributed over the nodes of a Citus cluster.</summary>
    public bool IsDistributed => server.IsDistributed;

    /// <summary>
    /// Returns a sub-select for FROM, whose column change.number is the change number of runs that a statement inserts.
    /// </summary>
    public string NextChange(Guid tenant) =>
        IsDistributed
            ? $"(SELECT advance_tenant_clock('{tenant}') AS number OFFSET 0) AS change"
            : "(SELECT change_number(pg_current_xact_id()) AS number) AS change";

    public async ValueTask InitializeAsync() => ConnectionString = await CreateMigratedDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var connectionString in _created)
        {
            await server.DropDatabaseAsync(connectionString);
        }
    }

    /// <summary>Takes a lock in a transaction.</summary>
    /// <returns>The connection. Its disposal ends the transaction.</returns>
    public async Task<IAsyncDisposable> LockAsync(string statement)
    {
        var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"BEGIN; {statement}", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    /// <summary>Empties every table except those that migrations fill.</summary>
    public Task EmptyAsync() => ExecuteUnlockedAsync(ConnectionString, EmptySql);

    /// <summary>Creates another database with the schema on the same server.</summary>
    public async Task<string> CreateMigratedDatabaseAsync() => Keep(await server.CreateMigratedDatabaseAsync());

    /// <summary>Creates another database without a schema on the same server.</summary>
    public async Task<string> CreateDatabaseAsync() => Keep(await server.CreateDatabaseAsync());

    /// <summary>
    /// Creates a copy of the database, as if a dump of it was restored. No session may be connected to the database.
    /// </summary>
    public async Task<string> CopyAsync() => Keep(await server.CopyDatabaseAsync(ConnectionString));

    /// <summary>Returns the connection string of the superuser for a database of the server.</summary>
    public string AsSuperuser(string connectionString) => server.AsSuperuser(connectionString);

    /// <summary>Runs a statement.</summary>
    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();

        // Each creation or removal of a database requires a confirmation of every session. That takes long beside other
        // tests on a busy disk.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// Runs a statement that changes tables, and repeats it as long as it gives up because of a lock. Functions that
    /// change partitions give up after 100 ms, and background services of a service may hold a lock longer, or wait for
    /// one that the statement holds.
    /// </summary>
    public static Task ExecuteUnlockedAsync(string connectionString, string sql) =>
        Poll.UntilAsync(
            async () =>
            {
                try
                {
                    await ExecuteAsync(connectionString, sql);
                    return true;
                }
                catch (PostgresException exception)
                    when (exception.SqlState
                            is PostgresErrorCodes.LockNotAvailable
                                or PostgresErrorCodes.DeadlockDetected
                    )
                {
                    return false;
                }
            },
            "The execution of a statement"
        );

    /// <summary>Reads one value.</summary>
    public Task<T> ReadAsync<T>(string sql) => ReadAsync<T>(ConnectionString, sql);

    /// <inheritdoc cref="ReadAsync{T}(string)" />
    public static async Task<T> ReadAsync<T>(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    private string Keep(string connectionString)
    {
        _created.Add(connectionString);
        return connectionString;
    }
}
