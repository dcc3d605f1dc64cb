using System.Text.Json;
using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Runs;

/// <summary>Writes runs as published Graph does.</summary>
internal static class RunJson
{
    /// <summary>A single run.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="run">The run.</param>
    /// <param name="context">The context URL.</param>
    /// <param name="selection">What to show; null: everything.</param>
    /// <param name="activities">What comes with it; null: nothing.</param>
    public static void Write(Utf8JsonWriter json, RunResponse run, string context, RunSelection? selection = null, IReadOnlyList<ActivityResponse>? activities = null)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        WriteMembers(
            json,
            new RunListItem(run.Id, run.DisplayName, run.StartDateTime, run.EndDateTime, run.Status, run.BlockingError, run.CreatedDateTime, run.LastModifiedDateTime, run.Version, run.Statistics, activities),
            (selection ?? RunSelection.Everything).Names);
        json.WriteEndObject();
    }

    /// <summary>A page of runs.</summary>
    public static void Write(Utf8JsonWriter json, RunPage page, RunSelection selection, string context, string? nextLink)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        if (page.Count is { } count)
        {
            json.WriteNumber("@odata.count", count);
        }

        if (nextLink is not null)
        {
            json.WriteString("@odata.nextLink", nextLink);
        }

        json.WriteStartArray("value");
        foreach (var run in page.Runs)
        {
            json.WriteStartObject();
            WriteMembers(json, run, selection.Names);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A page of changes: runs as they are, and those to be removed in Graph's way (api-guidelines, change-tracking).</summary>
    public static void Write(Utf8JsonWriter json, RunChangePage page, RunSelection selection, string context, string link)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        json.WriteString(page.Next.Walk is null ? "@odata.deltaLink" : "@odata.nextLink", link);
        json.WriteStartArray("value");
        foreach (var change in page.Changes)
        {
            json.WriteStartObject();
            if (change.Run is { } run)
            {
                WriteMembers(json, run, selection.Names);
            }
            else
            {
                json.WriteString("id", change.Id);
                json.WriteStartObject("@removed");
                json.WriteString("reason", change.IsDeleted ? "deleted" : "changed");
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The statistics of many runs added up.</summary>
    public static void Write(Utf8JsonWriter json, RunStatisticsSum sum, string context)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", context);
        json.WriteString("runId", sum.Newest!.Value);
        json.WriteString("status", sum.Status);
        json.WriteStartArray("activityStatistics");
        json.WriteEndArray();
        json.WriteStartObject("inboundTotals");
        WriteNumber(json, "errors", sum.Totals.Errors);
        WriteNumber(json, "warnings", sum.Totals.Warnings);
        WriteNumber(json, "groups", sum.Totals.Groups);
        WriteNumber(json, "memberships", sum.Totals.Memberships);
        WriteNumber(json, "organizations", sum.Totals.Organizations);
        WriteNumber(json, "people", sum.Totals.People);
        json.WriteEndObject();
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

    private static void WriteMembers(Utf8JsonWriter json, RunListItem run, IReadOnlySet<string> names)
    {
        json.WriteString("@odata.etag", EntityTags.Of(run.Version));
        json.WriteString("id", run.Id);
        if (names.Contains("displayName"))
        {
            json.WriteString("displayName", run.DisplayName);
        }

        if (names.Contains("startDateTime"))
        {
            json.WriteString("startDateTime", run.StartDateTime.UtcDateTime);
        }

        if (names.Contains("endDateTime"))
        {
            if (run.EndDateTime is { } end)
            {
                json.WriteString("endDateTime", end.UtcDateTime);
            }
            else
            {
                json.WriteNull("endDateTime");
            }
        }

        if (names.Contains("status"))
        {
            json.WriteString("status", run.Status);
        }

        if (names.Contains(RunSelection.Statistics))
        {
            json.WritePropertyName(RunSelection.Statistics);
            json.WriteRawValue(run.Statistics!, skipInputValidation: true);
        }

        if (names.Contains("blockingError"))
        {
            json.WritePropertyName("blockingError");
            json.WriteRawValue(run.BlockingError ?? "null", skipInputValidation: true);
        }

        if (names.Contains("createdDateTime"))
        {
            json.WriteString("createdDateTime", run.CreatedDateTime.UtcDateTime);
        }

        if (names.Contains("lastModifiedDateTime"))
        {
            json.WriteString("lastModifiedDateTime", run.LastModifiedDateTime.UtcDateTime);
        }

        if (run.Activities is { } activities)
        {
            ActivityJson.Write(json, RunSelection.Activities, activities);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
