using System.Diagnostics;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IndustryData.Benchmarks.Stage;

/// <summary>
/// A PostgreSQL of the run's own: started by the service's embedded code, and so with the settings that the service
/// ships, but for the number of connections, since here the service, its baselines and pgbench hold some at once.
/// </summary>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    private const int Connections = 400;

    private readonly DataDirectory _folder;
    private readonly PostgresServer _server;
    private readonly PsqlConnection _access;

    private PrivatePostgres(DataDirectory folder, PostgresServer server)
    {
        (_folder, _server) = (folder, server);
        _access = PostgresServer.GetConnectionInfo(folder, new EmbeddedPostgresOptions());
        ProcessId = int.Parse(
            File.ReadLines(Path.Combine(folder.Path, "postgres", "cluster", "postmaster.pid")).First(),
            null
        );
    }

    /// <summary>The postmaster.</summary>
    public int ProcessId { get; }

    /// <summary>Makes a cluster in a folder of its own and starts it.</summary>
    public static async Task<PrivatePostgres> StartAsync(string parent, CancellationToken cancellationToken)
    {
        var options = new EmbeddedPostgresOptions();
        var folder = DataDirectory.Resolve(
            Path.Combine(parent, $"industrydata-benchmarks-{Environment.ProcessId}"),
            options
        );
        await using (
            var first = await PostgresServer.StartAsync(folder, options, NullLogger.Instance, cancellationToken)
        )
        {
            await new RunDatabase(first.ConnectionString).ExecuteAsync(
                $"ALTER SYSTEM SET max_connections = {Connections}",
                cancellationToken
            );
        }

        return new PrivatePostgres(
            folder,
            await PostgresServer.StartAsync(folder, options, NullLogger.Instance, cancellationToken)
        );
    }

    /// <summary>Makes an empty database, without a schema.</summary>
    public async Task<RunDatabase> CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await new RunDatabase(_server.ConnectionString).ExecuteAsync($"CREATE DATABASE {name}", cancellationToken);
        var connection = new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = name };
        return new RunDatabase(connection.ConnectionString);
    }

    /// <summary>A program of PostgreSQL's, connected to a database.</summary>
    /// <exception cref="BenchmarkException">It is not installed.</exception>
    public ProcessStartInfo Program(string name, RunDatabase database, IEnumerable<string> arguments)
    {
        var program = Path.Combine(Path.GetDirectoryName(_access.Program) ?? "", name);
        if (!File.Exists(program))
        {
            throw new BenchmarkException(
                $"{name} is not installed beside PostgreSQL's other programs: apt-get install postgresql (RPM: postgresql-contrib)."
            );
        }

        return new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Path.GetTempPath(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["PGHOST"] = _access.Host,
                ["PGPORT"] = $"{_access.Port}",
                ["PGUSER"] = _access.User,
                ["PGPASSWORD"] = _access.Password,
                ["PGDATABASE"] = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database,
            },
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder.Path, recursive: true);
    }
}
