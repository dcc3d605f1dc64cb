using System.Diagnostics;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IndustryData.Benchmarks.Environment;

/// <summary>
/// A PostgreSQL server for the benchmark only. The embedded PostgreSQL code of the service starts it, so that it has
/// the settings that the service ships. Only the number of connections is higher, because the service, the baselines
/// and pgbench have open connections at the same time.
/// </summary>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    private const int Connections = 400;

    private readonly DataDirectory _folder;
    private readonly PostgresServer _server;
    private readonly PsqlConnection _access;

    private PrivatePostgres(DataDirectory folder, PostgresServer server)
    {
        (_folder, _server, _access) = (folder, server, server.Superuser);
        ProcessId = int.Parse(
            File.ReadLines(Path.Combine(folder.Path, "postgres", "cluster", "postmaster.pid")).First(),
            null
        );
    }

    /// <summary>The process id of the postmaster.</summary>
    public int ProcessId { get; }

    /// <summary>Creates a cluster in its own directory and starts it.</summary>
    public static async Task<PrivatePostgres> StartAsync(string parent, CancellationToken cancellationToken)
    {
        var options = new EmbeddedPostgresOptions();
        var folder = DataDirectory.Resolve(
            Path.Combine(parent, $"industrydata-benchmarks-{System.Environment.ProcessId}"),
            options
        );
        await using (
            var first = await PostgresServer.StartAsync(folder, options, NullLogger.Instance, cancellationToken)
        )
        {
            var superuser = new RunDatabase(first.Superuser.ConnectionString);
            await superuser.ExecuteAsync($"ALTER SYSTEM SET max_connections = {Connections}", cancellationToken);
            await superuser.ExecuteAsync($"GRANT pg_checkpoint TO {Owner(first)}", cancellationToken);
        }

        return new PrivatePostgres(
            folder,
            await PostgresServer.StartAsync(folder, options, NullLogger.Instance, cancellationToken)
        );
    }

    private static string Owner(PostgresServer server) =>
        new NpgsqlConnectionStringBuilder(server.ConnectionString).Username!;

    /// <summary>Creates an empty database without the schema of the service.</summary>
    public async Task<RunDatabase> CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await new RunDatabase(_access.ConnectionString).ExecuteAsync(
            $"CREATE DATABASE {name} OWNER {Owner(_server)}",
            cancellationToken
        );
        var connection = new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = name };
        return new RunDatabase(connection.ConnectionString);
    }

    /// <summary>Creates the start information for a PostgreSQL program that connects to a database.</summary>
    /// <exception cref="BenchmarkException">The program is not installed.</exception>
    public ProcessStartInfo Program(string name, RunDatabase database, IEnumerable<string> arguments)
    {
        var program = Path.Combine(Path.GetDirectoryName(_access.Program) ?? "", name);
        if (!File.Exists(program))
        {
            throw new BenchmarkException(
                $"{name} is not installed in the directory of the PostgreSQL programs: "
                    + "run apt-get install postgresql (RPM: postgresql-contrib)."
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
