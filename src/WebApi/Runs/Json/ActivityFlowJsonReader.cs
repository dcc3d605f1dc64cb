using System.Text.Json;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Runs.Json;

/// <summary>Reads the flow that an activity carried out (Graph: <c>industryDataActivity</c>).</summary>
internal static class ActivityFlowJsonReader
{
    private static readonly ComplexTypeSchema _flow = new()
    {
        TypeNames =
        [
            RunEdmModel.Namespace + ".industryDataActivity",
            RunEdmModel.Namespace + ".inboundFileFlow",
            RunEdmModel.Namespace + ".inboundApiFlow",
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
    /// <returns>The flow, or null if it is invalid.</returns>
    /// <inheritdoc cref="NormalizedJson.Create" />
    public static ActivityFlow? Read(JsonElement value, string path, ValidationErrors faults) =>
        NormalizedJson.Create(value, _flow, path, faults, ActivityFlow.MaxBytes, ActivityFlow.Parse);
}
