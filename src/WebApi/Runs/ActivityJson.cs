using System.Text.Json;
using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Runs.Json;

namespace IndustryData.WebApi.Runs;

/// <summary>
/// Writes activities. Each activity includes its type because the declared type is abstract (OData JSON Format §4.5.3).
/// </summary>
internal static class ActivityJson
{
    private static readonly JsonEncodedText _blockingError = JsonEncodedText.Encode("blockingError");
    private static readonly JsonEncodedText _activity = JsonEncodedText.Encode("activity");

    /// <summary>Writes a single activity.</summary>
    public static void Write(Utf8JsonWriter json, ActivityResponse activity, string context)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        WriteMembers(json, activity);
        json.WriteEndObject();
    }

    /// <summary>Writes a page of the activities of a run.</summary>
    public static void Write(Utf8JsonWriter json, ActivityPage page, string context, string? next)
    {
        WriteStart(json, page, context, next);
        Write(json, "value", page.Activities);
        json.WriteEndObject();
    }

    /// <summary>Writes a page of references to the activities of a run (OData JSON Format §14).</summary>
    public static void WriteReferences(
        Utf8JsonWriter json,
        ActivityPage page,
        Func<Guid, string> url,
        string context,
        string? next
    )
    {
        WriteStart(json, page, context, next);
        json.WriteStartArray("value");
        foreach (var activity in page.Activities)
        {
            json.WriteStartObject();
            json.WriteString("@odata.id", url(activity.Id));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteStart(Utf8JsonWriter json, ActivityPage page, string context, string? next)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        if (page.Count is { } count)
        {
            json.WriteNumber("@odata.count", count);
        }

        if (next is not null)
        {
            json.WriteString("@odata.nextLink", next);
        }
    }

    /// <summary>Writes the activities of a run as a member of another object.</summary>
    public static void Write(Utf8JsonWriter json, string name, IReadOnlyList<ActivityResponse> activities)
    {
        json.WriteStartArray(name);
        foreach (var activity in activities)
        {
            json.WriteStartObject();
            WriteMembers(json, activity);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMembers(Utf8JsonWriter json, ActivityResponse activity)
    {
        json.WriteString("@odata.type", ActivityTypeNames.Annotation(activity.Type));
        json.WriteString("id", activity.Id);
        json.WriteString("displayName", activity.DisplayName);
        json.WriteString("status", activity.Status);
        json.WriteRawOrNull(_blockingError, activity.BlockingError);
        json.WriteRawOrNull(_activity, activity.Activity);
    }
}
