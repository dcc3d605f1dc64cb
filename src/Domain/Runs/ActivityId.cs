namespace IndustryData.Domain.Runs;

/// <summary>Identifies an activity within its run: a UUIDv7, so that activities sort by when they were added.</summary>
public readonly record struct ActivityId(Guid Value)
{
    /// <summary>Makes the id of a new activity.</summary>
    public static ActivityId New(DateTimeOffset now) => new(RunId.New(now).Value);

    /// <summary>The id that a text writes; null when it writes none.</summary>
    public static ActivityId? FromText(string text) => RunId.FromText(text) is { } id ? new ActivityId(id.Value) : null;

    /// <inheritdoc />
    public override string ToString() => Value.ToString();
}
