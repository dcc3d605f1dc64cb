using System.Globalization;
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
/// PostgreSQL runs in a temporary directory. If it names the coordinator of a Citus cluster, the tables of each
/// database are distributed.
/// </summary>
public sealed class TestServer : IAsyncLifetime
{
    private const string Variable = "INDUSTRYDATA_TEST_POSTGRES";

    // Three services of three classes have up to 150 connections, and the tests have their own.
    private const int MaxConnections = 300;

    // Citus sends changes of roles, which belong to all databases, to the nodes. Two at a time can conflict.
    private static readonly SemaphoreSlim _distributing = new(1);

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
        Workers = await ReadWorkersAsync();
        await CreateOwnerAsync();
        if (IsDistributed)
        {
            return;
        }

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

    /// <summary>True if the server is the coordinator of a Citus cluster.</summary>
    public bool IsDistributed => Workers.Count > 0;

    /// <summary>The workers of the Citus cluster; none if the server is no coordinator.</summary>
    public IReadOnlyList<(string Host, int Port)> Workers { get; private set; } = [];

    /// <summary>Returns the connection string of the superuser for a database.</summary>
    public string AsSuperuser(string connectionString) =>
        new NpgsqlConnectionStringBuilder(_server)
        {
            Database = new NpgsqlConnectionStringBuilder(connectionString).Database,
        }.ConnectionString;

    /// <summary>Creates a database that has the schema and no runs.</summary>
    /// <returns>The connection string.</returns>
    public Task<string> CreateMigratedDatabaseAsync() =>
        IsDistributed ? CreateMigratedDatabaseAsync(Workers) : CreateDatabaseAsync($" TEMPLATE {_template}");

    /// <summary>Creates a database of a Citus cluster that has the schema and no runs.</summary>
    /// <param name="workers">The addresses of the workers, under which the nodes connect to them.</param>
    /// <returns>The connection string.</returns>
    public async Task<string> CreateMigratedDatabaseAsync(IReadOnlyList<(string Host, int Port)> workers)
    {
        // A copy of a template would have the shards of the template.
        var database = await CreateDatabaseAsync("", workers);
        var cancellationToken = TestContext.Current.CancellationToken;
        await _distributing.WaitAsync(cancellationToken);
        try
        {
            await DatabaseSchema.MigrateAsync(database, TimeSpan.FromSeconds(30), cancellationToken);
            await DatabaseSchema.DistributeAsync(database, cancellationToken);
        }
        finally
        {
            _distributing.Release();
        }

        // Tests insert runs that no delta has to find.
        await TestDatabase.ExecuteAsync(database, "ALTER TABLE runs ALTER COLUMN change_number SET DEFAULT 1");
        return database;
    }

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
            if (IsDistributed)
            {
                // Without the coordinator, nothing would end them on the workers.
                await TestDatabase.ExecuteAsync(
                    $"{AsSuperuser(connectionString)};Pooling=false",
                    "SELECT recover_prepared_transactions()"
                );
            }

            foreach (var node in Nodes)
            {
                await DropDatabaseAsync(node, name!);
            }
        }
    }

    // Citus may still use the database.
    private static async Task DropDatabaseAsync(string node, string name)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await TestDatabase.ExecuteAsync(node, $"DROP DATABASE {name} WITH (FORCE)");
                return;
            }
            catch (PostgresException exception)
                when (exception.SqlState == PostgresErrorCodes.ObjectInUse && attempt < 20)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500));
            }
        }
    }

    private static void ClearPool(string connectionString)
    {
        using var connection = new NpgsqlConnection(connectionString);
        NpgsqlConnection.ClearPool(connection);
    }

    private IEnumerable<string> Nodes => [_server, .. Workers.Select(w => Of(_server, w))];

    private static string Of(string connectionString, (string Host, int Port) node) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Host = node.Host, Port = node.Port }.ConnectionString;

    private Task<string> CreateDatabaseAsync(string options) => CreateDatabaseAsync(options, Workers);

    private async Task<string> CreateDatabaseAsync(string options, IReadOnlyList<(string Host, int Port)> workers)
    {
        var name = $"industrydata_test_{Guid.NewGuid():N}";
        foreach (var node in Nodes)
        {
            await TestDatabase.ExecuteAsync(node, $"CREATE DATABASE {name} OWNER {_owner}{options}");
        }

        if (IsDistributed)
        {
            await _distributing.WaitAsync();
            try
            {
                await AddWorkersAsync(name, workers);
            }
            finally
            {
                _distributing.Release();
            }

            DistributedDatabases.Add(name);
        }

        return new NpgsqlConnectionStringBuilder(_server)
        {
            Database = name,
            Username = _owner,
            Password = _password,
        }.ConnectionString;
    }

    // Citus is an extension of each database, and each database of the coordinator has its own list of nodes.
    private async Task AddWorkersAsync(string database, IReadOnlyList<(string Host, int Port)> workers)
    {
        string In(string server) =>
            new NpgsqlConnectionStringBuilder(server) { Database = database, Pooling = false }.ConnectionString;
        foreach (var node in Nodes)
        {
            await TestDatabase.ExecuteAsync(In(node), "CREATE EXTENSION citus");
        }

        var coordinator = new NpgsqlConnectionStringBuilder(_server);
        await TestDatabase.ExecuteAsync(
            In(_server),
            $"SELECT citus_set_coordinator_host('{coordinator.Host}', {coordinator.Port})"
        );
        foreach (var (host, port) in workers)
        {
            await TestDatabase.ExecuteAsync(In(_server), $"SELECT citus_add_node('{host}', {port})");
        }

        // Few shards are created faster.
        await TestDatabase.ExecuteAsync(_server, $"ALTER DATABASE {database} SET citus.shard_count = 4");
    }

    private async Task<IReadOnlyList<(string Host, int Port)>> ReadWorkersAsync()
    {
        if (!await TestDatabase.ReadAsync<bool>(_server, "SELECT to_regclass('pg_dist_node') IS NOT NULL"))
        {
            return [];
        }

        var nodes = await TestDatabase.ReadAsync<string[]>(
            _server,
            "SELECT coalesce(array_agg(nodename || ':' || nodeport), '{}') FROM pg_dist_node WHERE groupid <> 0"
        );
        return
        [
            .. nodes.Select(node =>
            {
                var colon = node.LastIndexOf(':');
                return (node[..colon], int.Parse(node[(colon + 1)..], CultureInfo.InvariantCulture));
            }),
        ];
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
