using IndustryData.Domain.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The EF Core context of the database. Its model is the only definition of the stored entities and of their columns. A
/// table has the name of its property, and a column that of its property, in snake case (<see cref="Configure"/>).
/// </summary>
internal sealed class IndustryDataContext(DbContextOptions<IndustryDataContext> options) : DbContext(options)
{
    public DbSet<Run> Runs => Set<Run>();

    public DbSet<RunActivity> RunActivities => Set<RunActivity>();

    public DbSet<IdempotencyRecord> IdempotencyRecords => Set<IdempotencyRecord>();

    public DbSet<RunStart> RunStarts => Set<RunStart>();

    public DbSet<RunTombstone> RunTombstones => Set<RunTombstone>();

    public DbSet<RunCount> RunCounts => Set<RunCount>();

    public DbSet<RunHour> RunHours => Set<RunHour>();

    public DbSet<RunHourDurations> RunHourDurations => Set<RunHourDurations>();

    public DbSet<RunHourFailure> RunHourFailures => Set<RunHourFailure>();

    public DbSet<OutdatedRunHour> OutdatedRunHours => Set<OutdatedRunHour>();

    public DbSet<RunHourProgress> RunHourProgress => Set<RunHourProgress>();

    public DbSet<DatabaseEpoch> DatabaseEpochs => Set<DatabaseEpoch>();

    public DbSet<PageTokenSigningKey> PageTokenSigningKeys => Set<PageTokenSigningKey>();

    public DbSet<TokenRevocation> TokenRevocations => Set<TokenRevocation>();

    public DbSet<SessionKey> SessionKeys => Set<SessionKey>();

    public DbSet<UsedSignInCode> UsedSignInCodes => Set<UsedSignInCode>();

    public DbSet<ImportedPortion> ImportedPortions => Set<ImportedPortion>();

    public DbSet<ExpiredPartition> ExpiredPartitions => Set<ExpiredPartition>();

    public DbSet<RunStartRange> RunStartRanges => Set<RunStartRange>();

    public DbSet<RunStartVersion> RunStartVersions => Set<RunStartVersion>();

    /// <summary>Sets the options that the model depends on, in addition to the connection.</summary>
    public static void Configure(DbContextOptionsBuilder options) => options.UseSnakeCaseNamingConvention();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<TenantId>().HaveConversion<TenantIdConverter>();
        configurationBuilder.Properties<RunId>().HaveConversion<RunIdConverter>();
        configurationBuilder.Properties<ActivityId>().HaveConversion<ActivityIdConverter>();
        configurationBuilder.Properties<ActivityType>().HaveConversion<ActivityTypeConverter>();
        configurationBuilder.Properties<ActivityStatus>().HaveConversion<ActivityStatusConverter>();
        configurationBuilder.Properties<ActivityFlow>().HaveConversion<ActivityFlowConverter>();
        configurationBuilder.Properties<RunStatus>().HaveConversion<RunStatusConverter>();
        configurationBuilder.Properties<DisplayName>().HaveConversion<DisplayNameConverter>();
        configurationBuilder.Properties<PublicError>().HaveConversion<PublicErrorConverter>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(IndustryDataContext).Assembly);

    private sealed class TenantIdConverter()
        : ValueConverter<TenantId, Guid>(id => id.Value, value => new TenantId(value));

    private sealed class RunIdConverter() : ValueConverter<RunId, Guid>(id => id.Value, value => RunId.FromGuid(value));

    private sealed class ActivityIdConverter()
        : ValueConverter<ActivityId, Guid>(id => id.Value, value => ActivityId.FromGuid(value));

    private sealed class ActivityTypeConverter()
        : ValueConverter<ActivityType, short>(type => type.Number, number => ActivityType.FromNumber(number));

    private sealed class ActivityStatusConverter()
        : ValueConverter<ActivityStatus, short>(status => status.Number, number => ActivityStatus.FromNumber(number));

    private sealed class ActivityFlowConverter()
        : ValueConverter<ActivityFlow, string>(flow => flow.Json, json => ActivityFlow.FromStorage(json));

    private sealed class RunStatusConverter()
        : ValueConverter<RunStatus, short>(status => status.Number, number => RunStatus.FromNumber(number));

    private sealed class DisplayNameConverter()
        : ValueConverter<DisplayName, string>(name => name.Value, value => DisplayName.FromStorage(value));

    private sealed class PublicErrorConverter()
        : ValueConverter<PublicError, string>(error => error.Json, json => PublicError.FromStorage(json));
}
