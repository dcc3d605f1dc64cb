namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The range of the start times of all runs in a partition whose period has ended. A trigger on the partition widens it
/// if a run starts outside of it.
/// </summary>
internal sealed class RunStartRange
{
    /// <summary>The lowest id of the partition.</summary>
    public Guid FirstId { get; init; }

    /// <summary>The lowest id after the partition.</summary>
    public Guid EndId { get; init; }

    /// <summary>The earliest start; infinity if the partition is empty.</summary>
    public DateTimeOffset Earliest { get; init; }

    /// <summary>The latest start; minus infinity if the partition is empty.</summary>
    public DateTimeOffset Latest { get; init; }

    /// <summary>False while only the runs are known that were added or changed since the trigger exists.</summary>
    public bool IsComplete { get; init; }
}
