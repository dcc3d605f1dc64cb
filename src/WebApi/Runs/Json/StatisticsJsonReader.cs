using System.Text.Json;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Runs.Json;

/// <summary>
/// Reads the statistics of a run. They combine the weakly typed statistics log of the draft with the
/// <c>industryDataRunStatistics</c> of the published Graph API. Declared members are validated. Other members are kept
/// exactly as sent, including the digits of numbers.
/// </summary>
internal static class StatisticsJsonReader
{
    private static readonly ComplexTypeSchema _roleCount = new()
    {
        TypeNames = [RunEdmModel.Namespace + ".industryDataRunRoleCountMetric"],
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["role"] = JsonValueValidators.String,
            ["count"] = JsonValueValidators.NullableNonNegativeInteger,
        },
        Required = ["role"],
    };

    private static readonly ComplexTypeSchema _entityCount = new()
    {
        TypeNames = [RunEdmModel.Namespace + ".industryDataRunEntityCountMetric"],
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["active"] = JsonValueValidators.NullableNonNegativeInteger,
            ["inactive"] = JsonValueValidators.NullableNonNegativeInteger,
            ["total"] = JsonValueValidators.NullableNonNegativeInteger,
        },
    };

    private static readonly ComplexTypeSchema _activity = new()
    {
        TypeNames = [RunEdmModel.Namespace + ".inboundActivityResults"],
        WritesTypeAnnotation = true,
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["activityId"] = JsonValueValidators.String,
            ["displayName"] = JsonValueValidators.String,
            ["status"] = JsonValueValidators.OneOf(
                "inProgress",
                "skipped",
                "failed",
                "completed",
                "completedWithErrors",
                "completedWithWarnings"
            ),
            ["errors"] = JsonValueValidators.NullableNonNegativeInteger,
            ["warnings"] = JsonValueValidators.NullableNonNegativeInteger,
            ["groups"] = ComplexTypeSchema.Nullable(_entityCount),
            ["memberships"] = ComplexTypeSchema.Nullable(_entityCount),
            ["organizations"] = ComplexTypeSchema.Nullable(_entityCount),
            ["people"] = ComplexTypeSchema.Nullable(_entityCount),
            ["matchedPeopleByRole"] = ComplexTypeSchema.CollectionOf(_roleCount),
            ["unmatchedPeopleByRole"] = ComplexTypeSchema.CollectionOf(_roleCount),
        },
        Required = ["activityId", "displayName", "status"],
    };

    private static readonly ComplexTypeSchema _totals = new()
    {
        TypeNames = [RunEdmModel.Namespace + ".aggregatedInboundStatistics"],
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["errors"] = JsonValueValidators.NullableNonNegativeInteger,
            ["warnings"] = JsonValueValidators.NullableNonNegativeInteger,
            ["groups"] = JsonValueValidators.NullableNonNegativeInteger,
            ["memberships"] = JsonValueValidators.NullableNonNegativeInteger,
            ["organizations"] = JsonValueValidators.NullableNonNegativeInteger,
            ["people"] = JsonValueValidators.NullableNonNegativeInteger,
            ["matchedPeopleByRole"] = ComplexTypeSchema.CollectionOf(_roleCount),
            ["unmatchedPeopleByRole"] = ComplexTypeSchema.CollectionOf(_roleCount),
        },
    };

    private static readonly ComplexTypeSchema _statistics = new()
    {
        TypeNames = [RunEdmModel.Namespace + ".industryDataRunStatistics", RunEdmModel.Namespace + ".runStatistics"],
        IsOpen = true,
        ServerManaged = ["runId", "status"],
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["inboundTotals"] = ComplexTypeSchema.Nullable(_totals),
            ["activityStatistics"] = ComplexTypeSchema.CollectionOf(_activity),
        },
    };

    /// <summary>Reads statistics.</summary>
    /// <returns>The statistics, or null if they are invalid.</returns>
    /// <inheritdoc cref="NormalizedJson.Create" />
    public static RunStatistics? Read(JsonElement value, string path, ValidationErrors faults) =>
        NormalizedJson.Create(value, _statistics, path, faults, RunStatistics.MaxBytes, RunStatistics.Parse);
}
