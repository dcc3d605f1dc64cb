using System.Text.Json;
using IndustryData.Domain;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.Runs.Json;

/// <summary>Reads a <c>publicError</c> of Graph. Its <c>innerError</c> is an open type and is kept as sent.</summary>
internal static class PublicErrorJsonReader
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
    /// <returns>The error, or null if it is invalid.</returns>
    /// <inheritdoc cref="NormalizedJson.Create" />
    public static PublicError? Read(
        JsonElement value,
        string path,
        ValidationErrors faults,
        int maxBytes = PublicError.MaxBytes
    ) => NormalizedJson.Create(value, _error, path, faults, maxBytes, PublicError.Parse);
}
