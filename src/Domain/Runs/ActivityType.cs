namespace IndustryData.Domain.Runs;

/// <summary>Which way an activity moves data: the concrete types of Graph's abstract <c>industryDataRunActivity</c>.</summary>
public sealed class ActivityType
{
    /// <summary>Into the lake.</summary>
    public static readonly ActivityType Inbound = new("microsoft.graph.industryData.inboundFlowActivity", 0);

    /// <summary>Out of the lake.</summary>
    public static readonly ActivityType Outbound = new("microsoft.graph.industryData.outboundFlowActivity", 1);

    private ActivityType(string name, short number) => (Name, Number) = (name, number);

    /// <summary>Every type, by number.</summary>
    public static IReadOnlyList<ActivityType> All { get; } = [Inbound, Outbound];

    /// <summary>The qualified name, without <c>#</c>.</summary>
    public string Name { get; }

    /// <summary>What is stored.</summary>
    public short Number { get; }

    /// <summary>The type of that qualified name, or null.</summary>
    public static ActivityType? FromName(string? name) => All.FirstOrDefault(t => t.Name == name);

    /// <summary>The type of that stored number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none: the row was written by a newer version.</exception>
    public static ActivityType FromNumber(short number) => All.FirstOrDefault(t => t.Number == number)
        ?? throw new ArgumentOutOfRangeException(nameof(number), number, "No activity type has this number.");

    /// <inheritdoc />
    public override string ToString() => Name;
}
