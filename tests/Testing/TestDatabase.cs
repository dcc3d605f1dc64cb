using Npgsql;

namespace IndustryData.Testing;

/// <summary>
/// The database of one test class. It has the schema. The tests of the class share it. Its owner is no superuser.
/// </summary>
public sealed class TestDatabase(TestServer server) : IAsyncLifetime
{
    private readonly List<string> _created = [];

    /// <summary>The connection string of the owner.</summary>
    public string ConnectionString { get; private set; } = "";

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
    public async Task EmptyAsync()
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await server.EmptyAsync(connection);
    }

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
