using System.Text.Json;
using IndustryData.Domain.Json;

namespace IndustryData.Domain.Runs;

/// <summary>
/// The error that stopped a run (Graph: <c>publicError</c>). Its <c>innerError</c> is an open type and is kept as sent.
/// </summary>
/// <param name="Json">The error as a JSON object, without annotations.</param>
public sealed record PublicError(string Json)
{
    private static readonly ComplexTypeSchema _detail = new()
    {
        TypeNames = ["microsoft.graph.publicErrorDetail"],
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["code"] = JsonValueValidators.NullableString,
            ["message"] = JsonValueValidators.NullableString,
            ["target"] = JsonValueValidators.NullableString,
        },
    };

    private static readonly ComplexTypeSchema _innerError = new()
    {
        TypeNames = ["microsoft.graph.publicInnerError"],
        IsOpen = true,
        Members = new Dictionary<string, JsonValueValidator>(_detail.Members)
        {
            ["details"] = ComplexTypeSchema.CollectionOf(_detail),
        },
    };

    private static readonly ComplexTypeSchema _error = new()
    {
        TypeNames = ["microsoft.graph.publicError"],
        Members = new Dictionary<string, JsonValueValidator>(_innerError.Members)
        {
            ["innerError"] = ComplexTypeSchema.Nullable(_innerError),
        },
    };

    /// <summary>Reads an error.</summary>
    /// <param name="value">The JSON value. The body reader has already checked its strings and member names.</param>
    /// <param name="path">The path of the value in the body.</param>
    /// <param name="faults">Receives the validation errors.</param>
    /// <param name="maxBytes">The maximum size, in bytes as sent.</param>
    /// <returns>The error, or null if it is invalid.</returns>
    public static PublicError? Read(
        JsonElement value,
        string path,
        ValidationErrors faults,
        int maxBytes = NormalizedJson.MaxBytes
    ) => NormalizedJson.Create(value, _error, path, faults, maxBytes) is { } json ? new PublicError(json) : null;

    /// <inheritdoc />
    public bool Equals(PublicError? other) => other is not null && JsonEquality.DeepEquals(Json, other.Json);

    // Equal values may have different texts, so the hash cannot be computed from the text. Hash lookups are not used.
    /// <inheritdoc />
    public override int GetHashCode() => 0;
}
