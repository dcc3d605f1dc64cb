using IndustryData.Infrastructure;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Respawn;
using Respawn.Graph;
using Testcontainers.PostgreSql;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(TestDatabase))]

// All tests share one database, which is emptied before each test.
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace IndustryData.WebApi.FunctionalTests.Hosting;

/// <summary>
/// The PostgreSQL of the tests. <c>INDUSTRYDATA_TEST_POSTGRES</c> is the connection string of a server on which the
/// tests create their own database, or the word <c>docker</c> for a container. If it is not set, the service's embedded
/// PostgreSQL runs in a temporary directory.
/// </summary>
public sealed class TestDatabase : IAsyncLifetime
{
    private const string Variable = "INDUSTRYDATA_TEST_POSTGRES";

    private readonly Stack<Func<ValueTask>> _ends = new();
    private Respawner? _respawner;

    /// <summary>The connection string of the tests' own database, which has the schema.</summary>
    public string ConnectionString { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var server = Environment.GetEnvironmentVariable(Variable) switch
        {
            null or "" => await StartEmbeddedAsync(),
            "docker" => await StartContainerAsync(),
            var connectionString => connectionString,
        };
        ConnectionString = await CreateDatabaseAsync(server);
        await DatabaseSchema.MigrateAsync(
            ConnectionString,
            TimeSpan.FromSeconds(30),
            TestContext.Current.CancellationToken
        );
        await using var connection = await OpenAsync();
        _respawner = await Respawner.CreateAsync(
            connection,
            new RespawnerOptions
            {
                DbAdapter = DbAdapter.Postgres,
                SchemasToInclude = ["public"],
                TablesToIgnore = [new Table("__EFMigrationsHistory"), new Table("page_token_signing_keys")],
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var end in _ends)
        {
            await end();
        }
    }

    /// <summary>Empties every table except those that migrations fill.</summary>
    public async Task EmptyAsync()
    {
        await using var connection = await OpenAsync();
        await _respawner!.ResetAsync(connection);
    }

    /// <summary>Creates another, empty database on the same server.</summary>
    public Task<string> CreateDatabaseAsync(string? server = null) =>
        CreateDatabaseAsync(server ?? ConnectionString, "");

    /// <summary>
    /// Creates a copy of the database, as if a dump of it was restored. No session may be connected to the database.
    /// </summary>
    public Task<string> CopyAsync()
    {
        NpgsqlConnection.ClearAllPools();
        var original = new NpgsqlConnectionStringBuilder(ConnectionString);
        var name = original.Database;
        original.Database = "postgres";
        return CreateDatabaseAsync(original.ConnectionString, $" TEMPLATE {name}");
    }

    private async Task<string> CreateDatabaseAsync(string server, string options)
    {
        var name = $"industrydata_test_{Guid.NewGuid():N}";
        await ExecuteAsync(server, $"CREATE DATABASE {name}{options}");
        var created = new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
        _ends.Push(async () =>
        {
            NpgsqlConnection.ClearAllPools();
            await ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)");
        });
        return created;
    }

    /// <summary>Runs a statement.</summary>
    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();

        // Each creation or removal of a database requires a checkpoint and a confirmation of every session. That takes
        // long beside other tests on a busy disk.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Reads one value.</summary>
    public async Task<T> ReadAsync<T>(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private async Task<string> StartEmbeddedAsync()
    {
        var folder = new TestFolder();
        var options = new EmbeddedPostgresOptions();
        var server = await PostgresServer.StartAsync(
            DataDirectory.Resolve(folder.Path, options),
            options,
            NullLogger.Instance,
            CancellationToken.None
        );
        _ends.Push(async () =>
        {
            await server.DisposeAsync();
            folder.Dispose();
        });
        return server.ConnectionString;
    }

    private async Task<string> StartContainerAsync()
    {
        // The public image sets listen_addresses in its own settings. It is set here too, so that any image with the
        // same contract works. The builder turns fsync off, and the service refuses such a server.
        var container = new PostgreSqlBuilder("postgres:18")
            .WithCommand("-c", "listen_addresses=*", "-c", "fsync=on", "-c", "full_page_writes=on")
            .Build();
        await container.StartAsync();
        _ends.Push(container.DisposeAsync);
        return container.GetConnectionString();
    }
}
