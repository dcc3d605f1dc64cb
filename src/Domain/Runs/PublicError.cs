using System.Text.Json;
using IndustryData.Domain.Json;

namespace IndustryData.Domain.Runs;

/// <summary>The error that stopped a run (Graph: <c>publicError</c>). Its <c>innerError</c> is open and kept as sent.</summary>
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
        Members = new Dictionary<string, JsonValueValidator>(_detail.Members) { ["details"] = ComplexTypeSchema.CollectionOf(_detail) },
    };

    private static readonly ComplexTypeSchema _error = new()
    {
        TypeNames = ["microsoft.graph.publicError"],
        Members = new Dictionary<string, JsonValueValidator>(_innerError.Members) { ["innerError"] = ComplexTypeSchema.Nullable(_innerError) },
    };

    /// <summary>Reads an error.</summary>
    /// <param name="value">The JSON value, whose texts and member names have been checked where the body was read.</param>
    /// <param name="path">Where it stands in the body.</param>
    /// <param name="faults">Takes up every fault.</param>
    /// <param name="maxBytes">The largest, in bytes as sent.</param>
    /// <returns>The error, or null when it has faults.</returns>
    public static PublicError? Read(JsonElement value, string path, ValidationErrors faults, int maxBytes = NormalizedJson.MaxBytes) =>
        NormalizedJson.Create(value, _error, path, faults, maxBytes) is { } json ? new PublicError(json) : null;

    /// <inheritdoc />
    public bool Equals(PublicError? other) => other is not null && JsonEquality.DeepEquals(Json, other.Json);

    // What says the same may be written in many ways; nothing is looked up by it.
    /// <inheritdoc />
    public override int GetHashCode() => 0;
}
