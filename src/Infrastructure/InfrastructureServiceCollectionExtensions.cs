using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;
using IndustryData.Infrastructure.Persistence.Commits;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IndustryData.Infrastructure;

/// <summary>Extension methods that register the services for PostgreSQL.</summary>
public static class InfrastructureServiceCollectionExtensions
{
    private const int MaxMigrationAttempts = 3;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Adds the database services of the use cases.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="connectionString">
    /// The connection string of PostgreSQL in Npgsql's format. The server may still be unavailable.
    /// </param>
    /// <param name="retention">The retention of runs.</param>
    public static IServiceCollection AddInfrastructure(
        this IServiceCollection services,
        string connectionString,
        RetentionOptions retention
    )
    {
        services.AddSingleton(retention);
        services.AddSingleton(provider => DataSources.Reads(connectionString, QueryTimeout(provider)));
        services.AddKeyedSingleton(
            DataSources.Indexed,
            (provider, _) => DataSources.IndexedReads(connectionString, QueryTimeout(provider))
        );
        services.AddKeyedSingleton(
            DataSources.Commits,
            (provider, _) =>
                DataSources.CommitConnections(connectionString, provider.GetRequiredService<CommitOptions>().Timeout)
        );
        services.AddKeyedSingleton(
            DataSources.Maintenance,
            (_, _) => DataSources.MaintenanceConnections(connectionString)
        );
        services.AddKeyedSingleton(DataSources.Health, (_, _) => DataSources.HealthConnections(connectionString));
        services.AddSingleton<DatabaseAvailability>();
        services.AddSingleton(provider => new ConnectionPools([
            provider.GetRequiredService<NpgsqlDataSource>(),
            provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Indexed),
            provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Commits),
        ]));
        services.AddDbContextPool<IndustryDataContext>(
            (provider, options) =>
                options
                    .UseNpgsql(provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Commits))
                    .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
        );
        services.AddScoped<SchemaMigrator>();
        services.AddSingleton<CommitQueue>();
        services.AddHostedService(provider => provider.GetRequiredService<CommitQueue>());
        services.AddSingleton<IRunRepository, RunRepository>();
        services.AddSingleton<SlowReads>();
        services.AddSingleton<CancelRequests>();
        services.AddSingleton<ReadSessions>();
        services.AddSingleton<IRunReader, RunReader>();
        services.AddSingleton<IPageTokenKeyProvider, PageTokenKeyStore>();
        services.AddSingleton<DatabaseHealthMonitor>();
        services.AddSingleton<IDatabaseHealth>(provider => provider.GetRequiredService<DatabaseHealthMonitor>());
        services.AddHostedService(provider => provider.GetRequiredService<DatabaseHealthMonitor>());
        services.AddHostedService<DatabaseMaintenanceService>();
        return services;
    }

    /// <summary>
    /// Applies the schema, and waits for an unavailable server. The command timeout of the connection string does not
    /// apply to migrations. They have no timeout.
    /// </summary>
    /// <param name="connectionString">The connection string of PostgreSQL.</param>
    /// <param name="timeout">The timeout of the wait for the server.</param>
    /// <param name="cancellationToken">Cancels the wait and the migration.</param>
    /// <param name="logger">Logs the progress.</param>
    /// <returns>The names of the migrations that were applied.</returns>
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
            catch (NpgsqlException exception) when (exception.IsTransient && attempt < MaxMigrationAttempts)
            {
                // The server ended, or another transaction conflicted with the migration.
                await Task.Delay(_pause, cancellationToken);
            }
        }
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

    /// <summary>Returns the error of a connection string; null if the connection string is valid.</summary>
    public static string? ValidateConnectionString(string connectionString)
    {
        try
        {
            if (string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(connectionString).Host))
            {
                return "it names no Host";
            }

            // Only the data source detects options that contradict each other.
            using var source = NpgsqlDataSource.Create(connectionString);
            return null;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return exception.Message.ReplaceLineEndings(" ");
        }
    }

    private static TimeSpan QueryTimeout(IServiceProvider provider) =>
        provider.GetRequiredService<ReadTimeoutOptions>().Timeout;
}
