namespace IndustryData.Domain.Runs;

/// <summary>The type of an activity, which gives the direction of its data flow.</summary>
public sealed class ActivityType
{
    /// <summary>The activity moves data into the lake.</summary>
    public static readonly ActivityType Inbound = new("inbound", 0);

    /// <summary>The activity moves data out of the lake.</summary>
    public static readonly ActivityType Outbound = new("outbound", 1);

    private ActivityType(string name, short number) => (Name, Number) = (name, number);

    /// <summary>All types, in the order of their numbers.</summary>
    public static IReadOnlyList<ActivityType> All { get; } = [Inbound, Outbound];

    /// <summary>The name, in camelCase.</summary>
    public string Name { get; }

    /// <summary>The number that the database stores.</summary>
    public short Number { get; }

    /// <summary>Returns the type with this stored number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is unknown: a newer version wrote the row.</exception>
    public static ActivityType FromNumber(short number) =>
        All.FirstOrDefault(t => t.Number == number)
        ?? throw new ArgumentOutOfRangeException(nameof(number), number, "No activity type has this number.");

    /// <inheritdoc />
    public override string ToString() => Name;
}
