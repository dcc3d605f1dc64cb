using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// The embedded database during a command. It is the one of the running service, or else it is started, and stopped
/// with the disposal of this object.
/// </summary>
public sealed class EmbeddedDatabase : IAsyncDisposable
{
    private static readonly TimeSpan _migrationTimeout = TimeSpan.FromSeconds(30);

    private readonly PostgresServer? _started;

    private EmbeddedDatabase(PostgresServer? started, string connectionString) =>
        (_started, ConnectionString) = (started, connectionString);

    /// <summary>The connection string of the role that owns the database.</summary>
    public string ConnectionString { get; }

    /// <summary>Opens the database. If it is started, the schema of this version is applied.</summary>
    /// <param name="directory">The data directory of the service.</param>
    /// <param name="options">The settings of the embedded PostgreSQL.</param>
    /// <param name="logger">Logs the start and the migrations.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="EmbeddedPostgresException">The database cannot be used.</exception>
    public static async Task<EmbeddedDatabase> OpenAsync(
        DataDirectory directory,
        EmbeddedPostgresOptions options,
        ILogger? logger,
        CancellationToken cancellationToken
    )
    {
        var log = logger ?? NullLogger.Instance;
        var cluster = new PostgresCluster(directory, PostgresOsAccount.Resolve(options));
        if (cluster.FindRunning() is { IsReady: true } running)
        {
            string password = await cluster.ReadOwnerPasswordAsync(cancellationToken);
            return new EmbeddedDatabase(
                null,
                PostgresCluster.Connection(running.Endpoint, OwnerRole.Name, password).ConnectionString
            );
        }

        var server = await PostgresServer.StartAsync(directory, options, log, cancellationToken);
        try
        {
            await DatabaseSchema.MigrateAsync(server.ConnectionString, _migrationTimeout, cancellationToken, log);
            return new EmbeddedDatabase(server, server.ConnectionString);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the server if it was started.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_started is not null)
        {
            await _started.DisposeAsync();
        }
    }
}
