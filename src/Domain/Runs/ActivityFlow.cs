using System.Text.Json;
using IndustryData.Domain.Json;

namespace IndustryData.Domain.Runs;

/// <summary>The flow that an activity carried out, as sent (Graph: <c>industryDataActivity</c>).</summary>
/// <param name="Json">The flow as a JSON object with id, displayName, and readinessStatus.</param>
public sealed record ActivityFlow(string Json)
{
    private static readonly ComplexTypeSchema _flow = new()
    {
        TypeNames =
        [
            "microsoft.graph.industryData.industryDataActivity",
            "microsoft.graph.industryData.inboundFileFlow",
            "microsoft.graph.industryData.inboundApiFlow",
        ],
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["id"] = JsonValueValidators.String,
            ["displayName"] = JsonValueValidators.String,
            ["readinessStatus"] = JsonValueValidators.OneOf("notReady", "ready", "failed", "disabled", "expired"),
        },
        Required = ["id", "displayName", "readinessStatus"],
    };

    /// <summary>Reads a flow.</summary>
    /// <param name="value">The JSON value. The body reader has already checked its strings and member names.</param>
    /// <param name="path">The path of the value in the body.</param>
    /// <param name="faults">Receives the validation errors.</param>
    /// <returns>The flow, or null if it is invalid.</returns>
    public static ActivityFlow? Read(JsonElement value, string path, ValidationErrors faults) =>
        NormalizedJson.Create(value, _flow, path, faults, RunActivity.MaxJsonBytes) is { } json
            ? new ActivityFlow(json)
            : null;

    /// <inheritdoc />
    public bool Equals(ActivityFlow? other) => other is not null && JsonEquality.DeepEquals(Json, other.Json);

    // Equal values may have different texts, so the hash cannot be computed from the text. Hash lookups are not used.
    /// <inheritdoc />
    public override int GetHashCode() => 0;
}
