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

/// <summary>Wires PostgreSQL.</summary>
public static class InfrastructureServiceCollectionExtensions
{
    private const int MaxMigrationAttempts = 3;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Adds what the use cases need of a database.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="connectionString">Which PostgreSQL, in Npgsql's spelling. The server may be away still.</param>
    /// <param name="retention">How long runs are kept.</param>
    public static IServiceCollection AddInfrastructure(this IServiceCollection services, string connectionString, RetentionOptions retention)
    {
        services.AddSingleton(retention);
        services.AddSingleton(provider => DataSources.Reads(connectionString, QueryTimeout(provider)));
        services.AddKeyedSingleton(DataSources.Indexed, (provider, _) => DataSources.IndexedReads(connectionString, QueryTimeout(provider)));
        services.AddKeyedSingleton(DataSources.Commits, (provider, _) => DataSources.CommitConnections(connectionString, provider.GetRequiredService<CommitOptions>().Timeout));
        services.AddKeyedSingleton(DataSources.Maintenance, (_, _) => DataSources.MaintenanceConnections(connectionString));
        services.AddKeyedSingleton(DataSources.Health, (_, _) => DataSources.HealthConnections(connectionString));
        services.AddSingleton<DatabaseAvailability>();
        services.AddSingleton(provider => new ConnectionPools(
        [
            provider.GetRequiredService<NpgsqlDataSource>(),
            provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Indexed),
            provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Commits),
        ]));
        services.AddDbContextPool<IndustryDataContext>((provider, options) => options
            .UseNpgsql(provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Commits))
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking));
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
    /// Applies the schema, waiting for a server that is not there yet. Migrations take as long as they need, whatever
    /// command timeout the connection string names.
    /// </summary>
    /// <param name="connectionString">Which PostgreSQL.</param>
    /// <param name="timeout">How long to wait for the server.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="logger">Receives the progress.</param>
    /// <returns>The migrations that were applied.</returns>
    public static async Task<IReadOnlyList<string>> MigrateAsync(
        string connectionString, TimeSpan timeout, CancellationToken cancellationToken, ILogger? logger = null)
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
                // The server ended, or another transaction was in the way.
                await Task.Delay(_pause, cancellationToken);
            }
        }
    }

    private static async Task<NpgsqlConnection> OpenAsync(NpgsqlDataSource database, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await database.OpenConnectionAsync(cancellationToken);
            }
            catch (NpgsqlException exception) when (exception.IsTransient && TimeProvider.System.GetElapsedTime(started) < timeout)
            {
                await Task.Delay(_pause, cancellationToken);
            }
        }
    }

    /// <summary>What is wrong with a connection string; null when a server may be looked for with it.</summary>
    public static string? ValidateConnectionString(string connectionString)
    {
        try
        {
            if (string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(connectionString).Host))
            {
                return "it names no Host";
            }

            // Some options contradict each other, which only the data source finds.
            using var source = NpgsqlDataSource.Create(connectionString);
            return null;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return exception.Message.ReplaceLineEndings(" ");
        }
    }

    private static TimeSpan QueryTimeout(IServiceProvider provider) => provider.GetRequiredService<ReadTimeoutOptions>().Timeout;
}
