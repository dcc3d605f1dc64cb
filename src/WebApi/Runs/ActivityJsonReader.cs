using System.Text.Json;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Runs.Json;

namespace IndustryData.WebApi.Runs;

/// <summary>Reads the members of an activity. The activity is a request body or part of the body of a run.</summary>
internal static class ActivityJsonReader
{
    private static readonly string[] _known = ["displayName", "status", "blockingError", "activity", "id"];
    private static readonly string _types = string.Join(", ", ActivityTypeNames.All.Select(t => $"\"#{t}\""));

    /// <summary>Reads the activities in a run's body.</summary>
    public static IReadOnlyList<ActivityDraft> ReadAll(JsonElement value, string path, ValidationErrors faults)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            faults.Add(path, "notAnArray", $"{path} must be an array; leave it out for none.");
            return [];
        }

        if (!RunRules.AllowsActivityCount(value.GetArrayLength()))
        {
            faults.Add(RunErrors.TooManyActivities);
            return [];
        }

        return [.. value.EnumerateArray().Select((item, index) => Read(item, $"{path}/{index}", faults))];
    }

    /// <summary>
    /// Reads an activity and adds the parse errors. A member that cannot be parsed is absent from the draft.
    /// </summary>
    public static ActivityDraft Read(JsonElement value, string path, ValidationErrors faults) =>
        Read(value, path, faults, isPatch: false).Values;

    /// <summary>
    /// Reads a partial update of an activity. A status with the sentinel value counts as not sent (api-guidelines,
    /// evolvable enums).
    /// </summary>
    public static ActivityPatch ReadPatch(JsonElement value, ValidationErrors faults) =>
        Read(value, "", faults, isPatch: true);

    private static ActivityPatch Read(JsonElement value, string path, ValidationErrors faults, bool isPatch)
    {
        // The type is a placeholder until it is read. An activity without a type is an error.
        var draft = new ActivityDraft { Type = ActivityType.Inbound };
        var sent = ActivityPatchProperties.None;
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add(path, "notAnObject", $"{path} must be a JSON object.");
        }
        else
        {
            foreach (var member in value.EnumerateObject())
            {
                if (
                    JsonElementExtensions.TryGetName(member) is { } name
                    && !(isPatch && RunJsonReader.IsUnknownStatus(name, member.Value))
                )
                {
                    sent |= PropertyOf(name);
                    draft = Read(draft, name, member.Value, JsonPointer.Append(path, name), faults);
                }
            }
        }

        if (!isPatch && !sent.HasFlag(ActivityPatchProperties.Type))
        {
            var typePath = JsonPointer.Append(path, RunJsonReader.TypeAnnotation);
            faults.Add(typePath, "required", $"{typePath} is required: send one of {_types}.");
        }

        return new ActivityPatch(draft, sent);
    }

    private static ActivityPatchProperties PropertyOf(string name) =>
        name switch
        {
            RunJsonReader.TypeAnnotation => ActivityPatchProperties.Type,
            "displayName" => ActivityPatchProperties.DisplayName,
            "status" => ActivityPatchProperties.Status,
            "blockingError" => ActivityPatchProperties.BlockingError,
            "activity" => ActivityPatchProperties.Activity,
            _ => ActivityPatchProperties.None,
        };

    private static ActivityDraft Read(
        ActivityDraft draft,
        string name,
        JsonElement value,
        string path,
        ValidationErrors faults
    )
    {
        var isNull = value.ValueKind == JsonValueKind.Null;
        switch (name)
        {
            case "displayName":
                return draft with { DisplayName = isNull ? null : RunJsonReader.Text(value, path, faults) };
            case "status":
                return draft with
                {
                    Status = isNull
                        ? null
                        : RunJsonReader.Status(value, path, ActivityStatus.FromName, ActivityStatus.All, faults),
                };
            case "blockingError":
                return draft with
                {
                    BlockingError = isNull
                        ? null
                        : PublicErrorJsonReader.Read(value, path, faults, RunActivity.MaxJsonBytes),
                };
            case "activity":
                return draft with { Activity = isNull ? null : ActivityFlowJsonReader.Read(value, path, faults) };
            case RunJsonReader.TypeAnnotation:
                return draft with { Type = Type(value, path, faults) ?? draft.Type };
            case RunJsonReader.IdAnnotation:
                faults.Add(
                    path,
                    "unexpectedReference",
                    $"{path} cannot refer to another activity: an activity belongs to one run. Leave it out."
                );
                return draft;
            case var other when other == "id" || other.Contains('@'):
                return draft;
            default:
                faults.Add(
                    path,
                    "unknownProperty",
                    $"An activity has no property '{ValidationErrors.Abbreviate(name)}'; remove it. "
                        + $"Known are: {string.Join(", ", _known)}."
                );
                return draft;
        }
    }

    private static ActivityType? Type(JsonElement value, string path, ValidationErrors faults)
    {
        var type = ActivityTypeNames.Find(JsonElementExtensions.TryGetTypeName(value));
        if (type is null)
        {
            faults.Add(path, "unknownType", $"{path} must be one of {_types}.");
        }

        return type;
    }
}
