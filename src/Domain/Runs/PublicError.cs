namespace IndustryData.Domain.Runs;

/// <summary>The error that stopped a run or an activity. Two errors are equal if their JSON values are equal.</summary>
public sealed record PublicError
{
    /// <summary>The maximum size of an error, in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    private readonly JsonObjectValue _value;

    private PublicError(string json) => _value = new JsonObjectValue(json);

    /// <summary>The error as a JSON object.</summary>
    public string Json => _value.Text;

    /// <summary>Creates an error from a JSON object in UTF-8.</summary>
    /// <exception cref="ArgumentException">The text is not one JSON object, too large or nested too deeply.</exception>
    public static PublicError Parse(ReadOnlySpan<byte> utf8Json) => new(JsonObjectText.Parse(utf8Json, MaxBytes));

    /// <summary>Returns a stored error. It was validated before it was stored.</summary>
    public static PublicError FromStorage(string json) => new(json);
}
