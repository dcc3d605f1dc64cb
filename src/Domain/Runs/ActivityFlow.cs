namespace IndustryData.Domain.Runs;

/// <summary>The flow that an activity carried out. Two flows are equal if their JSON values are equal.</summary>
public sealed record ActivityFlow
{
    /// <summary>The maximum size of a flow, in bytes.</summary>
    public const int MaxBytes = RunActivity.MaxJsonBytes;

    private ActivityFlow(string json) => Json = json;

    /// <summary>The flow as a JSON object.</summary>
    public string Json { get; }

    /// <summary>Creates a flow from a JSON object in UTF-8.</summary>
    /// <exception cref="ArgumentException">The text is not one JSON object, too large or nested too deeply.</exception>
    public static ActivityFlow Parse(ReadOnlySpan<byte> utf8Json) => new(JsonObjectText.Parse(utf8Json, MaxBytes));

    /// <summary>Returns a stored flow. It was validated before it was stored.</summary>
    public static ActivityFlow FromStorage(string json) => new(json);

    /// <inheritdoc />
    public bool Equals(ActivityFlow? other) => other is not null && JsonEquality.DeepEquals(Json, other.Json);

    // Equal values may have different texts, so the hash cannot be computed from the text. Hash lookups are not used.
    /// <inheritdoc />
    public override int GetHashCode() => 0;
}
