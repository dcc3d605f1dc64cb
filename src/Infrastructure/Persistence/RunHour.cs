using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The runs of a tenant that started in an hour, with one status, and with or without an end. The numbers hold unless
/// the hour is outdated (<see cref="RunHourProgress"/>).
/// </summary>
internal sealed class RunHour
{
    public TenantId TenantId { get; init; }

    /// <summary>The beginning of the hour, in UTC.</summary>
    public DateTimeOffset Hour { get; init; }

    public RunStatus Status { get; init; } = RunStatus.Running;

    /// <summary>True if the runs have an end, which is only expected for those that are running.</summary>
    public bool HasEnd { get; init; }

    public long Runs { get; init; }

    /// <summary>The sum of an inbound total; null if no run has it.</summary>
    public decimal? Errors { get; init; }

    /// <summary>The number of runs that have the total.</summary>
    public long RunsWithErrors { get; init; }

    public decimal? Warnings { get; init; }

    public long RunsWithWarnings { get; init; }

    public decimal? Groups { get; init; }

    public long RunsWithGroups { get; init; }

    public decimal? Memberships { get; init; }

    public long RunsWithMemberships { get; init; }

    public decimal? Organizations { get; init; }

    public long RunsWithOrganizations { get; init; }

    public decimal? People { get; init; }

    public long RunsWithPeople { get; init; }
}
