using System.Text.Json;
using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.Runs;

/// <summary>Writes runs as published Graph does.</summary>
internal static class RunJson
{
    /// <summary>A single run, with everything.</summary>
    public static void Write(Utf8JsonWriter json, RunResponse run, string context)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        json.WriteString("@odata.etag", EntityTags.Of(run.Version));
        WriteOwn(json, run.Id, run.DisplayName, run.StartDateTime, run.EndDateTime, run.Status);
        json.WritePropertyName("statistics");
        json.WriteRawValue(run.Statistics, skipInputValidation: true);
        WriteRest(json, run.BlockingError, run.CreatedDateTime, run.LastModifiedDateTime);
        json.WriteEndObject();
    }

    /// <summary>A page of runs, without their statistics.</summary>
    public static void Write(Utf8JsonWriter json, RunPage page, string context, string? nextLink)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        if (nextLink is not null)
        {
            json.WriteString("@odata.nextLink", nextLink);
        }

        json.WriteStartArray("value");
        foreach (var run in page.Runs)
        {
            json.WriteStartObject();
            json.WriteString("@odata.etag", EntityTags.Of(run.Version));
            WriteOwn(json, run.Id, run.DisplayName, run.StartDateTime, run.EndDateTime, run.Status);
            WriteRest(json, run.BlockingError, run.CreatedDateTime, run.LastModifiedDateTime);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The statistics of a run: the declared members always, the open ones as they were sent.</summary>
    public static void Write(Utf8JsonWriter json, RunStatisticsResponse run, string context)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        json.WriteString("runId", run.RunId);
        json.WriteString("status", run.Status);
        using var statistics = JsonDocument.Parse(run.Statistics);
        foreach (var member in statistics.RootElement.EnumerateObject())
        {
            member.WriteTo(json);
        }

        if (!statistics.RootElement.TryGetProperty("activityStatistics", out _))
        {
            json.WriteStartArray("activityStatistics");
            json.WriteEndArray();
        }

        if (!statistics.RootElement.TryGetProperty("inboundTotals", out _))
        {
            json.WriteNull("inboundTotals");
        }

        json.WriteEndObject();
    }

    /// <summary>Writes a member that is kept as JSON, or null.</summary>
    public static void WriteRaw(Utf8JsonWriter json, string name, string? value)
    {
        json.WritePropertyName(name);
        if (value is null)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteRawValue(value, skipInputValidation: true);
        }
    }

    private static void WriteOwn(Utf8JsonWriter json, Guid id, string displayName, DateTimeOffset start, DateTimeOffset? end, string status)
    {
        json.WriteString("id", id);
        json.WriteString("displayName", displayName);
        json.WriteString("startDateTime", start.UtcDateTime);
        if (end is { } moment)
        {
            json.WriteString("endDateTime", moment.UtcDateTime);
        }
        else
        {
            json.WriteNull("endDateTime");
        }

        json.WriteString("status", status);
    }

    private static void WriteRest(Utf8JsonWriter json, string? blockingError, DateTimeOffset created, DateTimeOffset lastModified)
    {
        WriteRaw(json, "blockingError", blockingError);
        json.WriteString("createdDateTime", created.UtcDateTime);
        json.WriteString("lastModifiedDateTime", lastModified.UtcDateTime);
    }
}
