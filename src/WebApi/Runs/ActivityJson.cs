using System.Text.Json;
using IndustryData.Application.Runs;

namespace IndustryData.WebApi.Runs;

/// <summary>Writes activities. Each names its type, because the declared one is abstract (OData JSON Format §4.5.3).</summary>
internal static class ActivityJson
{
    /// <summary>A single activity.</summary>
    public static void Write(Utf8JsonWriter json, ActivityResponse activity, string context)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        WriteMembers(json, activity);
        json.WriteEndObject();
    }

    /// <summary>A run's activities.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<ActivityResponse> activities, string context)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        Write(json, "value", activities);
        json.WriteEndObject();
    }

    /// <summary>A run's activities as a member of something else.</summary>
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
        json.WriteString("@odata.type", $"#{activity.Type}");
        json.WriteString("id", activity.Id);
        json.WriteString("displayName", activity.DisplayName);
        json.WriteString("status", activity.Status);
        RunJson.WriteRaw(json, "blockingError", activity.BlockingError);
        RunJson.WriteRaw(json, "activity", activity.Activity);
    }
}
