using System.Text.Json;
using IndustryData.Domain.Json;

namespace IndustryData.Domain.Runs;

/// <summary>
/// What a run counted: the draft's weakly typed statistics log and published Graph's <c>industryDataRunStatistics</c> in one. The known members
/// are checked; any further member is kept as sent, to the digit. Two are equal when their content is.
/// </summary>
public sealed class RunStatistics : IEquatable<RunStatistics>
{
    /// <summary>The longest statistics, in bytes as sent.</summary>
    public const int MaxBytes = KeptJson.MaxBytes;

    /// <summary>How many levels they may nest; <c>{}</c> is one.</summary>
    public const int MaxLevels = KeptJson.MaxLevels;

    /// <summary>The largest count in them.</summary>
    public const long LargestCount = ValueRules.LargestCount;

    /// <summary>Statistics of a run that counted nothing.</summary>
    public static readonly RunStatistics Empty = new() { Json = "{}", InboundTotals = new InboundTotals() };

    private const string Namespace = "microsoft.graph.industryData.";

    private static readonly ComplexShape _roleCount = new()
    {
        TypeNames = [Namespace + "industryDataRunRoleCountMetric"],
        Members = new Dictionary<string, ValueRule> { ["role"] = ValueRules.Text, ["count"] = ValueRules.NullableCount },
        Required = ["role"],
    };

    private static readonly ComplexShape _entityCount = new()
    {
        TypeNames = [Namespace + "industryDataRunEntityCountMetric"],
        Members = new Dictionary<string, ValueRule>
        {
            ["active"] = ValueRules.NullableCount,
            ["inactive"] = ValueRules.NullableCount,
            ["total"] = ValueRules.NullableCount,
        },
    };

    private static readonly ComplexShape _activity = new()
    {
        TypeNames = [Namespace + "inboundActivityResults"],
        IsAlwaysTyped = true,
        Members = new Dictionary<string, ValueRule>
        {
            ["activityId"] = ValueRules.Text,
            ["displayName"] = ValueRules.Text,
            ["status"] = ValueRules.OneOf("inProgress", "skipped", "failed", "completed", "completedWithErrors", "completedWithWarnings"),
            ["errors"] = ValueRules.NullableCount,
            ["warnings"] = ValueRules.NullableCount,
            ["groups"] = ComplexShape.Nullable(_entityCount),
            ["memberships"] = ComplexShape.Nullable(_entityCount),
            ["organizations"] = ComplexShape.Nullable(_entityCount),
            ["people"] = ComplexShape.Nullable(_entityCount),
            ["matchedPeopleByRole"] = ComplexShape.CollectionOf(_roleCount),
            ["unmatchedPeopleByRole"] = ComplexShape.CollectionOf(_roleCount),
        },
        Required = ["activityId", "displayName", "status"],
    };

    private static readonly ComplexShape _totals = new()
    {
        TypeNames = [Namespace + "aggregatedInboundStatistics"],
        Members = new Dictionary<string, ValueRule>
        {
            ["errors"] = ValueRules.NullableCount,
            ["warnings"] = ValueRules.NullableCount,
            ["groups"] = ValueRules.NullableCount,
            ["memberships"] = ValueRules.NullableCount,
            ["organizations"] = ValueRules.NullableCount,
            ["people"] = ValueRules.NullableCount,
            ["matchedPeopleByRole"] = ComplexShape.CollectionOf(_roleCount),
            ["unmatchedPeopleByRole"] = ComplexShape.CollectionOf(_roleCount),
        },
    };

    private static readonly ComplexShape _statistics = new()
    {
        TypeNames = [Namespace + "industryDataRunStatistics", Namespace + "runStatistics"],
        IsOpen = true,
        Ignored = ["runId", "status"],
        Members = new Dictionary<string, ValueRule>
        {
            ["inboundTotals"] = ComplexShape.Nullable(_totals),
            ["activityStatistics"] = ComplexShape.CollectionOf(_activity),
        },
    };

    private RunStatistics()
    {
    }

    /// <summary>The statistics as a JSON object, without <c>runId</c>, <c>status</c> and annotations.</summary>
    public string Json { get; private init; } = "{}";

    /// <summary>The numbers of the member <c>inboundTotals</c>.</summary>
    public InboundTotals InboundTotals { get; private init; } = new();

    /// <summary>Reads statistics.</summary>
    /// <param name="value">The JSON value, whose texts and member names have been checked where the body was read.</param>
    /// <param name="path">Where it stands in the body.</param>
    /// <param name="faults">Takes up every fault.</param>
    /// <returns>The statistics, or null when they have faults.</returns>
    public static RunStatistics? Read(JsonElement value, string path, Faults faults) =>
        KeptJson.Of(value, _statistics, path, faults) is { } json
            ? new RunStatistics { Json = json, InboundTotals = TotalsOf(value) }
            : null;

    /// <inheritdoc />
    public bool Equals(RunStatistics? other) => other is not null && InboundTotals == other.InboundTotals && JsonContent.AreEqual(Json, other.Json);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as RunStatistics);

    /// <inheritdoc />
    public override int GetHashCode() => InboundTotals.GetHashCode();

    private static InboundTotals TotalsOf(JsonElement statistics)
    {
        if (JsonText.Member(statistics, "inboundTotals") is not { ValueKind: JsonValueKind.Object } totals)
        {
            return new InboundTotals();
        }

        var found = new InboundTotals();
        foreach (var member in totals.EnumerateObject())
        {
            var count = ValueRules.Count(member.Value);
            found = JsonText.Name(member) switch
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
