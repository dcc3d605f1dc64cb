namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// A partition that retention has detached. It is dropped a day later, unless an operator attaches it again.
/// </summary>
internal sealed class ExpiredPartition
{
    /// <summary>The table, as it is named since it was detached.</summary>
    public string Name { get; init; } = "";

    /// <summary>By the database's clock.</summary>
    public DateTimeOffset DetachedDateTime { get; init; }
}
