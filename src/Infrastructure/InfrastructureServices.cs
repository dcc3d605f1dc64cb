using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;
using IndustryData.Infrastructure.Persistence.Commits;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace IndustryData.Infrastructure;

/// <summary>Wires PostgreSQL.</summary>
public static class InfrastructureServices
{
    // All together fewer than half of the 100 that PostgreSQL allows by default, so that two services and a psql fit.
    private const int PoolSize = 28;

    // Few, because what they do is short: PostgreSQL does more of it when fewer sessions take turns on its processors (docs/adr/0011).
    private const int IndexedPoolSize = 8;

    // Of its own, so that no write waits until somebody has read: one commits, the others are for what is rare.
    private const int CommitPoolSize = 4;

    // On a partitioned table planning costs more than running, so that what recurs is planned once.
    private const int PreparedStatements = 32;

    /// <summary>Adds what the use cases need of a database.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="connectionString">Which PostgreSQL, in Npgsql's spelling. The server may be away still.</param>
    /// <param name="retention">How long runs are kept.</param>
    public static IServiceCollection AddInfrastructure(this IServiceCollection services, string connectionString, Retention retention)
    {
        services.AddSingleton(retention);
        services.AddSingleton(_ => DataSource(connectionString, PoolSize));
        services.AddKeyedSingleton(RunReader.Indexed, (_, _) => DataSource(connectionString, IndexedPoolSize, PlanOnce));
        services.AddKeyedSingleton(CommitQueue.Connections, (_, _) => DataSource(connectionString, CommitPoolSize));
        services.AddDbContextPool<IndustryDataContext>((provider, options) => options
            .UseNpgsql(provider.GetRequiredKeyedService<NpgsqlDataSource>(CommitQueue.Connections))
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking));
        services.AddScoped<Schema>();
        services.AddSingleton<CommitQueue>();
        services.AddHostedService(provider => provider.GetRequiredService<CommitQueue>());
        services.AddSingleton<IRunRepository, RunRepository>();
        services.AddSingleton<IRunReader, RunReader>();
        services.AddSingleton<IPageTokenKey, PageTokenKey>();
        services.AddSingleton<DatabaseWatch>();
        services.AddSingleton<IDatabaseStatus>(provider => provider.GetRequiredService<DatabaseWatch>());
        services.AddHostedService(provider => provider.GetRequiredService<DatabaseWatch>());
        services.AddHostedService<Upkeep>();
        return services;
    }

    /// <summary>Applies the schema, waiting for a server that is not there yet.</summary>
    /// <param name="connectionString">Which PostgreSQL.</param>
    /// <param name="patience">How long to wait for the server.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The migrations that were applied.</returns>
    public static async Task<IReadOnlyList<string>> MigrateAsync(string connectionString, TimeSpan patience, CancellationToken cancellationToken)
    {
        await using var database = DataSource(connectionString, CommitPoolSize);
        await using var context = new IndustryDataContext(new DbContextOptionsBuilder<IndustryDataContext>().UseNpgsql(database).Options);
        var schema = new Schema(context);
        var until = TimeProvider.System.GetTimestamp() + (long)(patience.TotalSeconds * TimeProvider.System.TimestampFrequency);
        while (true)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancellationToken);
                return await schema.MigrateAsync(connection, cancellationToken);
            }
            catch (NpgsqlException exception) when (exception.IsTransient && TimeProvider.System.GetTimestamp() < until)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
            }
        }
    }

    /// <summary>What is wrong with a connection string; null when a server may be looked for with it.</summary>
    public static string? FaultOf(string connectionString)
    {
        try
        {
            return string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(connectionString).Host) ? "it names no Host" : null;
        }
        catch (ArgumentException exception)
        {
            return exception.Message.ReplaceLineEndings(" ");
        }
    }

    // For statements that have one good plan whatever their parameters are: PostgreSQL would plan them anew each time, because over many partitions
    // it takes that for cheaper, and planning takes it longer than running. Nor may it guess that few runs are in a span, and sort them all for each page.
    private const string PlanOnce =
        "SELECT set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_sort', 'off', false), set_config('enable_bitmapscan', 'off', false)";

    private static NpgsqlDataSource DataSource(string connectionString, int poolSize, string? setting = null)
    {
        // What the connection string says comes last and so wins. No session setting is ever changed but those below, which a reset would undo.
        var settings = $"Maximum Pool Size={poolSize};Max Auto Prepare={PreparedStatements};Application Name=IndustryData;{connectionString};No Reset On Close=true";
        var builder = new NpgsqlDataSourceBuilder(settings);

        // An answered write is on disk, whatever the server's or role's default. Stricter settings (remote_apply) stay.
        var settled = $"SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'; {setting}";
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(settled, connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(settled, connection);
                await command.ExecuteNonQueryAsync();
            });
        return builder.Build();
    }
}
