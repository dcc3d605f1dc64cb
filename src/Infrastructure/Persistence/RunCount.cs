using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// How many runs of a status a tenant has in a quarter, as far as one writer has counted them: the sum over all writers
/// is exact.
/// </summary>
internal sealed class RunCount
{
    public TenantId TenantId { get; init; }

    /// <summary>The first day of the quarter that the runs' ids lie in, as their partition's.</summary>
    public DateOnly Quarter { get; init; }

    public RunStatus Status { get; init; } = RunStatus.Running;

    /// <summary>
    /// Services beside each other count in rows of their own, so that they do not wait for one another.
    /// </summary>
    public short Shard { get; init; }

    public long Count { get; init; }
}
