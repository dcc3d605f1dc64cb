using System.Text.Json;
using IndustryData.Domain.Json;

namespace IndustryData.Domain.Runs;

/// <summary>The flow that an activity carried out, as its reporter embeds it (Graph: <c>industryDataActivity</c>).</summary>
/// <param name="Json">The flow as a JSON object: id, displayName, readinessStatus.</param>
public sealed record ActivityFlow(string Json)
{
    private static readonly ComplexTypeSchema _flow = new()
    {
        TypeNames = ["microsoft.graph.industryData.industryDataActivity", "microsoft.graph.industryData.inboundFileFlow", "microsoft.graph.industryData.inboundApiFlow"],
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["id"] = JsonValueValidators.String,
            ["displayName"] = JsonValueValidators.String,
            ["readinessStatus"] = JsonValueValidators.OneOf("notReady", "ready", "failed", "disabled", "expired"),
        },
        Required = ["id", "displayName", "readinessStatus"],
    };

    /// <summary>Reads a flow.</summary>
    /// <param name="value">The JSON value, whose texts and member names have been checked where the body was read.</param>
    /// <param name="path">Where it stands in the body.</param>
    /// <param name="faults">Takes up every fault.</param>
    /// <returns>The flow, or null when it has faults.</returns>
    public static ActivityFlow? Read(JsonElement value, string path, ValidationErrors faults) =>
        NormalizedJson.Create(value, _flow, path, faults, RunActivity.MaxJsonBytes) is { } json ? new ActivityFlow(json) : null;

    /// <inheritdoc />
    public bool Equals(ActivityFlow? other) => other is not null && JsonEquality.DeepEquals(Json, other.Json);

    // What says the same may be written in many ways; nothing is looked up by it.
    /// <inheritdoc />
    public override int GetHashCode() => 0;
}
