namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// A partition that retention has detached. It is dropped a day later, unless an operator attaches it again.
/// </summary>
internal sealed class ExpiredPartition
{
    /// <summary>The name of the detached table.</summary>
    public string Name { get; init; } = "";

    /// <summary>The time of the detachment, by the database's clock.</summary>
    public DateTimeOffset DetachedDateTime { get; init; }

    /// <summary>
    /// True if the counts of runs still contain those of the partition, because they are not subtracted yet.
    /// </summary>
    public bool IsCounted { get; init; }
}
