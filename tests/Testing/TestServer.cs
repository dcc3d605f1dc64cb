using IndustryData.Infrastructure;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Testcontainers.PostgreSql;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(TestServer))]

// Each class is a collection of its own, with a database of its own. SerialTests collects the classes that need the
// whole server or the whole machine.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 3)]

namespace IndustryData.Testing;

/// <summary>
/// The PostgreSQL of the tests, with one template database that has the schema. A role that is no superuser owns all
/// databases. <c>INDUSTRYDATA_TEST_POSTGRES</c> is the connection string of the superuser of a server on which the
/// tests create their databases, or the word <c>docker</c> for a container. If it is not set, the service's embedded
/// PostgreSQL runs in a temporary directory.
/// </summary>
public sealed class TestServer : IAsyncLifetime
{
    private const string Variable = "INDUSTRYDATA_TEST_POSTGRES";

    // Three services of three classes have up to 150 connections, and the tests have their own.
    private const int MaxConnections = 300;

    private readonly Stack<Func<ValueTask>> _ends = new();
    private readonly string _owner = $"industrydata_test_{Guid.NewGuid():N}";
    private readonly string _password = $"{Guid.NewGuid():N}";
    private string _server = "";
    private string _template = "";
    private bool _outlivesTests;

    public async ValueTask InitializeAsync()
    {
        _server = Environment.GetEnvironmentVariable(Variable) switch
        {
            null or "" => await StartEmbeddedAsync(),
            "docker" => await StartContainerAsync(),
            var connectionString => Use(connectionString),
        };
        await CreateOwnerAsync();
        var template = await CreateDatabaseAsync();
        _ends.Push(() => DropDatabaseAsync(template));

        // PostgreSQL does not copy a database that has sessions.
        var unpooled = $"{template};Pooling=false";
        await DatabaseSchema.MigrateAsync(unpooled, TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        _template = new NpgsqlConnectionStringBuilder(template).Database!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var end in _ends)
        {
            await end();
        }
    }

    /// <summary>Returns the connection string of the superuser for a database.</summary>
    public string AsSuperuser(string connectionString) =>
        new NpgsqlConnectionStringBuilder(_server)
        {
            Database = new NpgsqlConnectionStringBuilder(connectionString).Database,
        }.ConnectionString;

    /// <summary>Creates a database that has the schema and no runs.</summary>
    /// <returns>The connection string.</returns>
    public Task<string> CreateMigratedDatabaseAsync() => CreateDatabaseAsync($" TEMPLATE {_template}");

    /// <summary>Creates a database without a schema.</summary>
    /// <returns>The connection string.</returns>
    public Task<string> CreateDatabaseAsync() => CreateDatabaseAsync("");

    /// <summary>Creates a copy of a database to which no session is connected.</summary>
    /// <returns>The connection string of the copy.</returns>
    public Task<string> CopyDatabaseAsync(string connectionString)
    {
        ClearPool(connectionString);
        return CreateDatabaseAsync($" TEMPLATE {new NpgsqlConnectionStringBuilder(connectionString).Database}");
    }

    /// <summary>
    /// Closes the tests' own sessions, and drops the database if the server is not stopped after the tests.
    /// </summary>
    public async ValueTask DropDatabaseAsync(string connectionString)
    {
        ClearPool(connectionString);

        // Each removal waits for a checkpoint, so a server that ends with the tests keeps its databases until then.
        if (_outlivesTests)
        {
            var name = new NpgsqlConnectionStringBuilder(connectionString).Database;
            await TestDatabase.ExecuteAsync(_server, $"DROP DATABASE {name} WITH (FORCE)");
        }
    }

    private static void ClearPool(string connectionString)
    {
        using var connection = new NpgsqlConnection(connectionString);
        NpgsqlConnection.ClearPool(connection);
    }

    private async Task<string> CreateDatabaseAsync(string options)
    {
        var name = $"industrydata_test_{Guid.NewGuid():N}";
        await TestDatabase.ExecuteAsync(_server, $"CREATE DATABASE {name} OWNER {_owner}{options}");
        return new NpgsqlConnectionStringBuilder(_server)
        {
            Database = name,
            Username = _owner,
            Password = _password,
        }.ConnectionString;
    }

    private async Task CreateOwnerAsync()
    {
        foreach (var role in (string[])["industrydata_reader", "industrydata_writer"])
        {
            try
            {
                await TestDatabase.ExecuteAsync(_server, $"CREATE ROLE {role}");
            }
            catch (PostgresException exception)
                when (exception.SqlState is PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UniqueViolation)
            {
                // The server has them already.
            }
        }

        await TestDatabase.ExecuteAsync(
            _server,
            $"""
            CREATE ROLE {_owner} LOGIN PASSWORD '{_password}';
            GRANT industrydata_reader, industrydata_writer, pg_read_all_stats TO {_owner};
            """
        );
        if (_outlivesTests)
        {
            _ends.Push(async () => await TestDatabase.ExecuteAsync(_server, $"DROP ROLE {_owner}"));
        }
    }

    private string Use(string connectionString)
    {
        _outlivesTests = true;
        return connectionString;
    }

    private async Task<string> StartEmbeddedAsync()
    {
        var directory = new TemporaryDirectory();
        _ends.Push(() =>
        {
            directory.Dispose();
            return ValueTask.CompletedTask;
        });
        await using (var first = await StartEmbeddedAsync(directory))
        {
            await TestDatabase.ExecuteAsync(
                $"{first.Superuser.ConnectionString};Pooling=false",
                $"ALTER SYSTEM SET max_connections = {MaxConnections}"
            );
        }

        var server = await StartEmbeddedAsync(directory);
        _ends.Push(server.DisposeAsync);
        return server.Superuser.ConnectionString;
    }

    private static Task<PostgresServer> StartEmbeddedAsync(TemporaryDirectory directory)
    {
        var options = new EmbeddedPostgresOptions();
        return PostgresServer.StartAsync(
            DataDirectory.Resolve(directory.Path, options),
            options,
            NullLogger.Instance,
            CancellationToken.None
        );
    }

    private async Task<string> StartContainerAsync()
    {
        // The public image sets listen_addresses in its own settings. It is set here too, so that any image with the
        // same contract works. The builder turns fsync off, and the service refuses such a server.
        var container = new PostgreSqlBuilder("postgres:18")
            .WithCommand(
                "-c",
                "listen_addresses=*",
                "-c",
                "fsync=on",
                "-c",
                "full_page_writes=on",
                "-c",
                $"max_connections={MaxConnections}"
            )
            .Build();
        await container.StartAsync();
        _ends.Push(container.DisposeAsync);
        return container.GetConnectionString();
    }
}
