using IndustryData.Application;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.Runs;

namespace IndustryData.WebApi.Cli;

/// <summary>The use cases and the database for a command that is not the service.</summary>
internal static class CommandServices
{
    /// <summary>Builds the services. None of the service's background work is started.</summary>
    /// <param name="connectionString">The connection string of the owner of the tables.</param>
    /// <param name="configuration">The configuration.</param>
    /// <param name="clock">The clock.</param>
    public static ServiceProvider Build(string connectionString, IConfiguration configuration, TimeProvider clock)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMetrics();
        services.AddSingleton(clock);
        services.AddApplication(configuration["AutoMapper:LicenseKey"] is { Length: > 0 } key ? key : null);
        services.AddInfrastructure(
            connectionString,
            Settings.Read<RetentionOptions>(configuration, "Retention"),
            Settings.Read<PartitionOptions>(configuration, "Partitions"),
            Settings.Read<DatabaseOptions>(configuration, "Database") with
            {
                ReadFromReplicas = false,
            }
        );
        services.AddSingleton<IRunLineEncoder, RunLineEncoder>();
        services.AddSingleton(Settings.Read<StartRateLimitOptions>(configuration, "StartRateLimit"));
        services.AddSingleton(Settings.Read<LimitOptions>(configuration, "Limits"));
        services.AddSingleton(Settings.Read<ReadTimeoutOptions>(configuration, "Query"));
        services.AddSingleton(Settings.Read<CommitOptions>(configuration, "Commit"));
        return services.BuildServiceProvider();
    }
}
