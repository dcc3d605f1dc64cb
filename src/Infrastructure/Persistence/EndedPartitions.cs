namespace IndustryData.Infrastructure.Persistence;

/// <summary>A partition whose period has ended, with the range of the starts of its runs.</summary>
/// <param name="FirstId">The lowest id of the partition.</param>
/// <param name="EndId">The lowest id after the partition.</param>
/// <param name="Earliest">The earliest start, in ticks; later than the latest if there are no runs.</param>
/// <param name="Latest">The latest start, in ticks.</param>
internal readonly record struct EndedPartition(Guid FirstId, Guid EndId, long Earliest, long Latest);

/// <summary>The partitions whose periods have ended, as of one version.</summary>
/// <param name="Version">The version of the ranges in the database.</param>
/// <param name="Partitions">The partitions by their ids.</param>
internal sealed record EndedPartitions(Guid Version, IReadOnlyList<EndedPartition> Partitions)
{
    /// <summary>The partitions before the first read of the database. No list can skip one.</summary>
    public static readonly EndedPartitions None = new(Guid.Empty, []);
}
