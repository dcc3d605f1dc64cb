using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// A record that the numbers of an hour are outdated. Each transaction adds its own row, so that transactions do not
/// wait for each other, and so that the count of an hour removes only the rows of what it has seen.
/// </summary>
internal sealed class OutdatedRunHour
{
    public TenantId TenantId { get; init; }

    public DateTimeOffset Hour { get; init; }

    public long ChangeNumber { get; init; }

    /// <summary>The time of the last change that is known. An hour is counted some time after it.</summary>
    public DateTimeOffset ChangedDateTime { get; init; }
}
