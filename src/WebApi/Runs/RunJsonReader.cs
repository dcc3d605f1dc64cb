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
            if (
                JsonElementExtensions.TryGetName(member) is { } name
                && !(
                    name == "status"
                    && JsonElementExtensions.TryGetString(member.Value) == RunEdmModel.UnknownFutureValue
                )
            )
            {
                draft = Read(draft, name, member.Value, faults);
                sent |= PropertyOf(name);
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

    private static RunPatchProperties PropertyOf(string name) =>
        name switch
        {
            "displayName" => RunPatchProperties.DisplayName,
            "startDateTime" => RunPatchProperties.StartDateTime,
            "endDateTime" => RunPatchProperties.EndDateTime,
            "status" => RunPatchProperties.Status,
            "statistics" => RunPatchProperties.Statistics,
            "blockingError" => RunPatchProperties.BlockingError,
            _ => RunPatchProperties.None,
        };

    private static RunDraft Read(RunDraft draft, string name, JsonElement value, ValidationErrors faults)
    {
        var isNull = value.ValueKind == JsonValueKind.Null;
        switch (name)
        {
            case "displayName":
                return draft with { DisplayName = isNull ? null : Text(value, name, faults) };
            case "startDateTime":
                return draft with { StartDateTime = isNull ? null : ReadDateTimeOffset(value, name, faults) };
            case "endDateTime":
                return draft with { EndDateTime = isNull ? null : ReadDateTimeOffset(value, name, faults) };
            case "status":
                return draft with { Status = isNull ? null : Status(value, name, faults) };
            case "statistics":
                return draft with { Statistics = isNull ? null : StatisticsJsonReader.Read(value, name, faults) };
            case "blockingError":
                return draft with { BlockingError = isNull ? null : PublicErrorJsonReader.Read(value, name, faults) };
            case "id" or "createdDateTime" or "lastModifiedDateTime":
                // The server sets these members. They are accepted so that a caller can send back a run that it read.
                return draft;
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

    private static RunStatus? Status(JsonElement value, string path, ValidationErrors faults)
    {
        var status = JsonElementExtensions.TryGetString(value) is { } name ? RunStatus.FromName(name) : null;
        if (status is null)
        {
            faults.Add(
                path,
                "unknownStatus",
                $"{path} must be one of {string.Join(", ", RunStatus.All)}, in exactly this case."
            );
        }

        return status;
    }
}
