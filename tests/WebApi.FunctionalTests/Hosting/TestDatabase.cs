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

// One database serves every test, emptied before each.
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace IndustryData.WebApi.FunctionalTests.Hosting;

/// <summary>
/// The PostgreSQL that the tests use. <c>INDUSTRYDATA_TEST_POSTGRES</c> is a connection string, in whose server a
/// database of the tests' own is made, or the word <c>docker</c>, for a container; without it the service's embedded
/// PostgreSQL runs in a folder that is thrown away.
/// </summary>
public sealed class TestDatabase : IAsyncLifetime
{
    private const string Variable = "INDUSTRYDATA_TEST_POSTGRES";

    private readonly Stack<Func<ValueTask>> _ends = new();
    private Respawner? _respawner;

    /// <summary>A database of the tests' own, with the schema.</summary>
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
        await InfrastructureServiceCollectionExtensions.MigrateAsync(
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
                TablesToIgnore = [new Table("__EFMigrationsHistory"), new Table("token_keys")],
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

    /// <summary>Empties every table but those that migrations fill.</summary>
    public async Task EmptyAsync()
    {
        await using var connection = await OpenAsync();
        await _respawner!.ResetAsync(connection);
    }

    /// <summary>Makes one more, empty database on the same server.</summary>
    public Task<string> CreateDatabaseAsync(string? server = null) =>
        CreateDatabaseAsync(server ?? ConnectionString, "");

    /// <summary>
    /// Makes a copy of the database, as of a dump that is loaded again. Nobody may be connected to it.
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

        // Databases come and go with a checkpoint each, and with a word from every session: beside other tests, on a
        // busy disk, that takes its time.
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
        // The public image listens everywhere by its own settings; said here, so that any image that keeps its contract
        // will do. The builder turns fsync off, and the service refuses such a server.
        var container = new PostgreSqlBuilder("postgres:18")
            .WithCommand("-c", "listen_addresses=*", "-c", "fsync=on", "-c", "full_page_writes=on")
            .Build();
        await container.StartAsync();
        _ends.Push(container.DisposeAsync);
        return container.GetConnectionString();
    }
}
