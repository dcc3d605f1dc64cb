using System.Text.Json;
using IndustryData.Domain.Json;

namespace IndustryData.Domain.Runs;

/// <summary>
/// The statistics of a run. They combine the weakly typed statistics log of the draft with the
/// <c>industryDataRunStatistics</c> of the published Graph API. Declared members are validated. Other members are kept
/// exactly as sent, including the digits of numbers. Two statistics are equal if their JSON values are equal.
/// </summary>
public sealed class RunStatistics : IEquatable<RunStatistics>
{
    /// <summary>The maximum size of statistics, in bytes as sent.</summary>
    public const int MaxBytes = NormalizedJson.MaxBytes;

    /// <summary>The maximum nesting depth, in levels. <c>{}</c> has one level.</summary>
    public const int MaxLevels = NormalizedJson.MaxDepth;

    /// <summary>The largest allowed count.</summary>
    public const long LargestCount = JsonValueValidators.MaxSafeInteger;

    /// <summary>Empty statistics.</summary>
    public static readonly RunStatistics Empty = new() { Json = "{}", InboundTotals = new InboundTotals() };

    private const string Namespace = "microsoft.graph.industryData.";

    private static readonly ComplexTypeSchema _roleCount = new()
    {
        TypeNames = [Namespace + "industryDataRunRoleCountMetric"],
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["role"] = JsonValueValidators.String,
            ["count"] = JsonValueValidators.NullableNonNegativeInteger,
        },
        Required = ["role"],
    };

    private static readonly ComplexTypeSchema _entityCount = new()
    {
        TypeNames = [Namespace + "industryDataRunEntityCountMetric"],
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["active"] = JsonValueValidators.NullableNonNegativeInteger,
            ["inactive"] = JsonValueValidators.NullableNonNegativeInteger,
            ["total"] = JsonValueValidators.NullableNonNegativeInteger,
        },
    };

    private static readonly ComplexTypeSchema _activity = new()
    {
        TypeNames = [Namespace + "inboundActivityResults"],
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
        TypeNames = [Namespace + "aggregatedInboundStatistics"],
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
        TypeNames = [Namespace + "industryDataRunStatistics", Namespace + "runStatistics"],
        IsOpen = true,
        ServerManaged = ["runId", "status"],
        Members = new Dictionary<string, JsonValueValidator>
        {
            ["inboundTotals"] = ComplexTypeSchema.Nullable(_totals),
            ["activityStatistics"] = ComplexTypeSchema.CollectionOf(_activity),
        },
    };

    private RunStatistics() { }

    /// <summary>The statistics as a JSON object, without <c>runId</c>, <c>status</c>, and annotations.</summary>
    public string Json { get; private init; } = "{}";

    /// <summary>The counts in the member <c>inboundTotals</c>.</summary>
    public InboundTotals InboundTotals { get; private init; } = new();

    /// <summary>Reads statistics.</summary>
    /// <param name="value">The JSON value. The body reader has already checked its strings and member names.</param>
    /// <param name="path">The path of the value in the body.</param>
    /// <param name="faults">Receives the validation errors.</param>
    /// <returns>The statistics, or null if they are invalid.</returns>
    public static RunStatistics? Read(JsonElement value, string path, ValidationErrors faults) =>
        NormalizedJson.Create(value, _statistics, path, faults) is { } json
            ? new RunStatistics { Json = json, InboundTotals = TotalsOf(value) }
            : null;

    /// <inheritdoc />
    public bool Equals(RunStatistics? other) =>
        other is not null && InboundTotals == other.InboundTotals && JsonEquality.DeepEquals(Json, other.Json);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as RunStatistics);

    /// <inheritdoc />
    public override int GetHashCode() => InboundTotals.GetHashCode();

    private static InboundTotals TotalsOf(JsonElement statistics)
    {
        if (
            JsonElementExtensions.TryGetProperty(statistics, "inboundTotals")
            is not { ValueKind: JsonValueKind.Object } totals
        )
        {
            return new InboundTotals();
        }

        var found = new InboundTotals();
        foreach (var member in totals.EnumerateObject())
        {
            var count = JsonValueValidators.Count(member.Value);
            found = JsonElementExtensions.TryGetName(member) switch
            {
                "errors" => found with { Errors = count },
                "warnings" => found with { Warnings = count },
                "groups" => found with { Groups = count },
                "memberships" => found with { Memberships = count },
                "organizations" => found with { Organizations = count },
                "people" => found with { People = count },
                _ => found,
            };
        }

        return found;
    }
}
