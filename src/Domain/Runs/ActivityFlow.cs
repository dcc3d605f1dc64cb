namespace IndustryData.Domain.Runs;

/// <summary>The flow that an activity carried out. Two flows are equal if their JSON values are equal.</summary>
public sealed record ActivityFlow
{
    /// <summary>The maximum size of a flow, in bytes.</summary>
    public const int MaxBytes = RunActivity.MaxJsonBytes;

    private readonly JsonObjectValue _value;

    private ActivityFlow(string json) => _value = new JsonObjectValue(json);

    /// <summary>The flow as a JSON object.</summary>
    public string Json => _value.Text;

    /// <summary>Creates a flow from a JSON object in UTF-8.</summary>
    /// <exception cref="ArgumentException">The text is not one JSON object, too large or nested too deeply.</exception>
    public static ActivityFlow Parse(ReadOnlySpan<byte> utf8Json) => new(JsonObjectText.Parse(utf8Json, MaxBytes));

    /// <summary>Returns a stored flow. It was validated before it was stored.</summary>
    public static ActivityFlow FromStorage(string json) => new(json);
}
