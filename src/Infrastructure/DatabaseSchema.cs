using IndustryData.Infrastructure.Persistence;
using IndustryData.Infrastructure.Persistence.Distribution;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IndustryData.Infrastructure;

/// <summary>Applies the schema of this version to a database.</summary>
public static class DatabaseSchema
{
    private const int MaxAttempts = 3;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Applies the schema, and waits for an unavailable server. The command timeout of the connection string does not
    /// apply to migrations. They have no timeout.
    /// </summary>
    /// <param name="connectionString">The connection string of PostgreSQL.</param>
    /// <param name="timeout">The timeout of the wait for the server.</param>
    /// <param name="cancellationToken">Cancels the wait and the migration.</param>
    /// <param name="logger">Logs the progress.</param>
    /// <returns>The names of the migrations that were applied.</returns>
    /// <exception cref="UnsupportedSchemaException">No migration leads to the schema of this version.</exception>
    /// <exception cref="MissingRolesException">The account cannot use the roles of the service.</exception>
    public static async Task<IReadOnlyList<string>> MigrateAsync(
        string connectionString,
        TimeSpan timeout,
        CancellationToken cancellationToken,
        ILogger? logger = null
    )
    {
        await using var database = DataSources.MaintenanceConnections(connectionString);
        for (var attempt = 1; ; attempt++)
        {
            await using var connection = await OpenAsync(database, timeout, cancellationToken);
            try
            {
                return await SchemaMigrator.MigrateAsync(connection, logger ?? NullLogger.Instance, cancellationToken);
            }
            catch (NpgsqlException exception) when (exception.IsTransient && attempt < MaxAttempts)
            {
                // The server ended, or another transaction conflicted with the migration.
                await Task.Delay(_pause, cancellationToken);
            }
        }
    }

    /// <summary>Distributes the tables by tenant over the nodes of a Citus cluster. It may take hours.</summary>
    /// <param name="connectionString">
    /// The connection string of the owner for the coordinator. The database has the schema of this version.
    /// </param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="MissingCitusException">The database does not have the extension.</exception>
    public static async Task DistributeAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var database = DataSources.MaintenanceConnections(connectionString);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await RunDistribution.DistributeAsync(connection, cancellationToken);
    }

    /// <summary>Determines whether the tables of a database are distributed.</summary>
    public static async Task<bool> IsDistributedAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var database = DataSources.MaintenanceConnections(connectionString);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await RunDistribution.IsCompleteAsync(connection, cancellationToken);
    }

    private static async Task<NpgsqlConnection> OpenAsync(
        NpgsqlDataSource database,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        var startTimestamp = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await database.OpenConnectionAsync(cancellationToken);
            }
            catch (NpgsqlException exception)
                when (exception.IsTransient && TimeProvider.System.GetElapsedTime(startTimestamp) < timeout)
            {
                await Task.Delay(_pause, cancellationToken);
            }
        }
    }
}
