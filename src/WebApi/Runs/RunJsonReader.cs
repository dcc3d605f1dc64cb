using System.Text.Json;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Runs.Json;

namespace IndustryData.WebApi.Runs;

/// <summary>Reads the members of a run's body by name and kind. The domain validates the values.</summary>
internal static class RunJsonReader
{
    public const string TypeAnnotation = "@odata.type";
    public const string IdAnnotation = "@odata.id";

    private static readonly string[] _typeNames =
    [
        RunEdmModel.Namespace + ".industryDataRun",
        RunEdmModel.Namespace + ".run",
    ];

    /// <summary>Returns the reference if the body is a reference; null if the body is a run.</summary>
    public static JsonElement? Reference(JsonElement body) =>
        JsonElementExtensions.TryGetProperty(body, IdAnnotation) is { } reference
        && body.EnumerateObject().All(m => JsonElementExtensions.TryGetName(m)?.Contains('@') ?? false)
            ? reference
            : null;

    /// <summary>
    /// Reads a run and adds the parse errors. A member that cannot be parsed is absent from the draft.
    /// </summary>
    public static RunDraft Read(JsonElement body, ValidationErrors faults)
    {
        var draft = new RunDraft();
        foreach (var member in body.EnumerateObject())
        {
            // The body reader has already reported names that are not valid Unicode.
            if (JsonElementExtensions.TryGetName(member) is { } name)
            {
                draft = Read(draft, name, member.Value, faults);
            }
        }

        return draft;
    }

    /// <summary>
    /// Reads a partial update of a run. A status with the sentinel value counts as not sent (api-guidelines, evolvable
    /// enums).
    /// </summary>
    public static RunPatch ReadPatch(JsonElement body, ValidationErrors faults)
    {
        var draft = new RunDraft();
        var sent = RunPatchProperties.None;
        foreach (var member in body.EnumerateObject())
        {
            if (JsonElementExtensions.TryGetName(member) is { } name && !IsUnknownStatus(name, member.Value))
            {
                draft = Read(draft, name, member.Value, faults);
                sent |= RunPropertyTable.FindOwn(name)?.Patch ?? RunPatchProperties.None;
                if (name == "activities")
                {
                    faults.Add(
                        name,
                        "readOnlyProperty",
                        "Activities are not changed together with their run; "
                            + "send each to …/runs/{id}/activities, or PATCH …/activities/{id}."
                    );
                }
            }
        }

        return new RunPatch(draft, sent);
    }

    /// <summary>Checks a member of a partial update.</summary>
    /// <returns>Returns true if the member is a status with the sentinel value, which counts as not sent.</returns>
    public static bool IsUnknownStatus(string name, JsonElement value) =>
        name == "status" && JsonElementExtensions.TryGetString(value) == RunEdmModel.UnknownFutureValue;

    private static RunDraft Read(RunDraft draft, string name, JsonElement value, ValidationErrors faults)
    {
        if (RunPropertyTable.FindOwn(name) is { } property)
        {
            // The properties that the server sets are accepted so that a caller can send back a run that it read.
            return property.Assign is { } assign ? assign(draft, Read(property.Kind, value, name, faults)) : draft;
        }

        switch (name)
        {
            case "activities":
                return draft with { Activities = ActivityJsonReader.ReadAll(value, name, faults) };
            case TypeAnnotation:
                if (!_typeNames.Contains(JsonElementExtensions.TryGetTypeName(value)))
                {
                    faults.Add(name, "unknownType", $"{name} must be \"#{_typeNames[0]}\" or be left out.");
                }

                return draft;
            case IdAnnotation:
                faults.Add(
                    name,
                    "unexpectedReference",
                    $"{name} refers to a run that exists; "
                        + "send it alone to …/runs/$ref, or leave it out to add a new run."
                );
                return draft;
            case var annotation when annotation.Contains('@'):
                return draft;
            default:
                faults.Add(
                    JsonPointer.Append("", name),
                    "unknownProperty",
                    $"A run has no property '{ValidationErrors.Abbreviate(name)}'; "
                        + "remove it, or put it into statistics. Names are in exactly this case."
                );
                return draft;
        }
    }

    private static object? Read(RunValueKind kind, JsonElement value, string path, ValidationErrors faults) =>
        kind switch
        {
            _ when value.ValueKind == JsonValueKind.Null => null,
            RunValueKind.Text => Text(value, path, faults),
            RunValueKind.Instant => ReadDateTimeOffset(value, path, faults),
            RunValueKind.Status => Status(value, path, RunStatus.FromName, RunStatus.All, faults),
            RunValueKind.Statistics => StatisticsJsonReader.Read(value, path, faults),
            RunValueKind.Error => PublicErrorJsonReader.Read(value, path, faults),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No property of a run has this type."),
        };

    /// <summary>Reads a string.</summary>
    public static string? Text(JsonElement value, string path, ValidationErrors faults)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            faults.Add(path, "notAString", $"{path} must be a text.");
        }

        return JsonElementExtensions.TryGetString(value);
    }

    private static DateTimeOffset? ReadDateTimeOffset(JsonElement value, string path, ValidationErrors faults)
    {
        var instant = DateTimeOffsetParser.Parse(JsonElementExtensions.TryGetString(value));
        if (instant is null)
        {
            faults.Add(
                path,
                "invalidDateTimeOffset",
                $"{path} must be an ISO 8601 date and time with an offset, "
                    + "like \"2026-11-22T02:00:00Z\" or \"2026-11-22T04:00:00.25+02:00\"."
            );
        }

        return instant;
    }

    /// <summary>Reads the name of a status.</summary>
    /// <param name="value">The value.</param>
    /// <param name="path">The path of the value.</param>
    /// <param name="find">Returns the status with a name; null if there is none.</param>
    /// <param name="all">All statuses.</param>
    /// <param name="faults">Takes the parse errors.</param>
    public static T? Status<T>(
        JsonElement value,
        string path,
        Func<string, T?> find,
        IReadOnlyList<T> all,
        ValidationErrors faults
    )
        where T : class
    {
        var status = JsonElementExtensions.TryGetString(value) is { } name ? find(name) : null;
        if (status is null)
        {
            faults.Add(path, "unknownStatus", $"{path} must be one of {string.Join(", ", all)}, in exactly this case.");
        }

        return status;
    }
}
