using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The number of runs of a status that a tenant has in a quarter, as counted in one shard. The sum over all shards is
/// exact.
/// </summary>
internal sealed class RunCount
{
    public TenantId TenantId { get; init; }

    /// <summary>The first day of the quarter of the runs' ids.</summary>
    public DateOnly Quarter { get; init; }

    public RunStatus Status { get; init; } = RunStatus.Running;

    /// <summary>
    /// The shard. Each instance of the service counts in separate rows, so that instances do not wait for each other.
    /// </summary>
    public short Shard { get; init; }

    public long Count { get; init; }
}
