using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;
using IndustryData.Infrastructure.Persistence.Distribution;
using IndustryData.Infrastructure.Persistence.GroupCommit;
using IndustryData.Infrastructure.Persistence.Standbys;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure;

/// <summary>Extension methods that register the services for PostgreSQL.</summary>
public static class InfrastructureServiceCollectionExtensions
{
    /// <summary>Adds the database services of the use cases.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="connectionString">
    /// The connection string of PostgreSQL in Npgsql's format. The server may still be unavailable.
    /// </param>
    /// <param name="retention">The retention of runs.</param>
    /// <param name="partitions">The partitions of runs.</param>
    /// <param name="database">The servers of the database.</param>
    public static IServiceCollection AddInfrastructure(
        this IServiceCollection services,
        string connectionString,
        RetentionOptions retention,
        PartitionOptions partitions,
        DatabaseOptions database
    )
    {
        // While standbys answer reads, the other reads need the primary itself.
        var reads = database.ReadFromReplicas ? DataSources.OnlyPrimary(connectionString) : connectionString;
        services.AddSingleton(retention);
        services.AddSingleton(partitions);
        services.AddSingleton(database);
        services.AddSingleton(provider =>
            DataSources.Reads(reads, QueryTimeout(provider), Loggers(provider), isDistributed: database.Distributed)
        );
        services.AddKeyedSingleton(
            DataSources.Indexed,
            (provider, _) =>
                DataSources.IndexedReads(
                    reads,
                    QueryTimeout(provider),
                    Loggers(provider),
                    isDistributed: database.Distributed
                )
        );
        services.AddKeyedSingleton(
            DataSources.Lookups,
            (provider, _) =>
                DataSources.LookupConnections(
                    reads,
                    QueryTimeout(provider),
                    Loggers(provider),
                    isDistributed: database.Distributed
                )
        );
        services.AddKeyedSingleton(
            DataSources.Commits,
            (provider, _) =>
                DataSources.CommitConnections(
                    connectionString,
                    provider.GetRequiredService<CommitOptions>().Timeout,
                    Loggers(provider),
                    database.Distributed
                )
        );
        services.AddKeyedSingleton(
            DataSources.Maintenance,
            (provider, _) => DataSources.MaintenanceConnections(connectionString, Loggers(provider))
        );
        services.AddKeyedSingleton(
            DataSources.Health,
            (provider, _) => DataSources.HealthConnections(connectionString, Loggers(provider))
        );
        services.AddSingleton<DatabaseAvailability>();
        services.AddSingleton(provider => new ConnectionPools([
            provider.GetRequiredService<NpgsqlDataSource>(),
            provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Indexed),
            provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Lookups),
            provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Commits),
            provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Health),
        ]));
        services.AddDbContextPool<IndustryDataContext>(
            (provider, options) =>
            {
                options
                    .UseNpgsql(provider.GetRequiredKeyedService<NpgsqlDataSource>(DataSources.Commits))
                    .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking);
                IndustryDataContext.Configure(options);
            }
        );
        services.AddSingleton<DatabaseMetrics>();
        services.AddScoped<SchemaMigrator>();
        services.AddSingleton(provider => new StandbyServers(
            connectionString,
            database,
            provider.GetRequiredService<ReadTimeoutOptions>(),
            provider.GetRequiredService<CancelRequests>(),
            provider.GetRequiredService<DatabaseMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            Loggers(provider)
        ));
        services.AddHostedService(provider => provider.GetRequiredService<StandbyServers>());
        services.AddSingleton<TenantNodes>();
        services.AddSingleton<CommitQueue>();
        services.AddHostedService(provider => provider.GetRequiredService<CommitQueue>());
        services.AddSingleton<IRunRepository, RunRepository>();
        services.AddSingleton<IRunImport, RunImport>();
        services.AddSingleton<IRunArchive, RunArchive>();
        services.AddSingleton<SlowReads>();
        services.AddSingleton<CancelRequests>();
        services.AddSingleton<ReadSessions>();
        services.AddSingleton(provider => new RunLookups(
            provider.GetRequiredService<ReadSessions>().OpenLookupAsync,
            provider.GetRequiredService<ILogger<RunLookups>>()
        ));
        services.AddSingleton<EndedPartitionStore>();
        services.AddHostedService(provider => provider.GetRequiredService<EndedPartitionStore>());
        services.AddSingleton<ListWindows>();
        services.AddSingleton<IRunReader, RunReader>();
        services.AddSingleton<IPageTokenKeyProvider, PageTokenKeyStore>();
        services.AddSingleton<DatabaseHealthMonitor>();
        services.AddSingleton<IDatabaseHealth>(provider => provider.GetRequiredService<DatabaseHealthMonitor>());
        services.AddHostedService(provider => provider.GetRequiredService<DatabaseHealthMonitor>());
        services.AddSingleton<TokenRevocationStore>();
        services.AddSingleton<ITokenRevocations>(provider => provider.GetRequiredService<TokenRevocationStore>());
        services.AddHostedService(provider => provider.GetRequiredService<TokenRevocationStore>());
        services.AddSingleton<ISessionKeys, SessionKeyStore>();
        services.AddSingleton<IUsedSignInCodes, UsedSignInCodeStore>();
        services.AddHostedService<DatabaseMaintenanceService>();
        services.AddSingleton<RunHourCounter>();
        if (!database.Distributed)
        {
            // The tables that note changed hours have triggers, which distributed tables cannot have.
            services.AddHostedService<RunHourService>();
        }

        return services;
    }

    private static ILoggerFactory Loggers(IServiceProvider provider) => provider.GetRequiredService<ILoggerFactory>();

    private static TimeSpan QueryTimeout(IServiceProvider provider) =>
        provider.GetRequiredService<ReadTimeoutOptions>().Timeout;
}
