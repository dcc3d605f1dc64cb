using System.Collections.Immutable;
using System.Text.Json;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Runs;

/// <summary>Writes runs in the JSON format of the published Microsoft Graph.</summary>
internal static class RunJson
{
    private static readonly JsonEncodedText _context = JsonEncodedText.Encode("@odata.context");
    private static readonly JsonEncodedText _etag = JsonEncodedText.Encode("@odata.etag");
    private static readonly JsonEncodedText _value = JsonEncodedText.Encode("value");

    // The encoded ETags of the versions 0 to 15. Most runs change only a few times.
    private static readonly JsonEncodedText[] _etags =
    [
        .. Enumerable
            .Range(0, 16)
            .Select(v => JsonEncodedText.Encode(EntityTags.Format(v), ResponseJson.WriterOptions.Encoder)),
    ];

    /// <summary>Writes a single run.</summary>
    /// <param name="json">The writer.</param>
    /// <param name="run">The run.</param>
    /// <param name="context">The context URL.</param>
    /// <param name="selection">The properties to write; null to write all properties.</param>
    /// <param name="activities">The activities to write with the run; null to write none.</param>
    /// <param name="nextActivities">The URL of the next page of activities; null if there is none.</param>
    public static void Write(
        Utf8JsonWriter json,
        RunResponse run,
        string context,
        RunProjection? selection = null,
        ActivityPage? activities = null,
        string? nextActivities = null
    )
    {
        json.WriteStartObject();
        json.WriteString(_context, context);
        WriteMembers(json, run.ToListItem(activities), (selection ?? RunProjection.All).Shown, nextActivities);
        json.WriteEndObject();
    }

    /// <summary>
    /// Writes a page of runs. Each run is written as it is read, until the page has reached its size limit. The caller
    /// writes the link to the next page and the end of the object.
    /// </summary>
    /// <param name="json">The writer.</param>
    /// <param name="count">The number of runs on all pages; null to write none.</param>
    /// <param name="items">The stream of runs, after its head.</param>
    /// <param name="selection">The properties to write.</param>
    /// <param name="context">The context URL.</param>
    /// <param name="nextActivities">
    /// A function that creates the URL of the next page of activities of a run, or returns null if there is none. The
    /// parameter is null if the page has no activities.
    /// </param>
    /// <returns>The last run of the page if there is a next page; otherwise null.</returns>
    public static async ValueTask<RunListItem?> WriteAsync(
        Utf8JsonWriter json,
        long? count,
        IAsyncEnumerator<StreamItem<ListHead, RunListItem>> items,
        RunProjection selection,
        string context,
        Func<Guid, ActivityPage, ValueTask<string?>>? nextActivities = null
    )
    {
        json.WriteStartObject();
        json.WriteString(_context, context);
        if (count is { } all)
        {
            json.WriteNumber("@odata.count", all);
        }

        json.WriteStartArray(_value);
        var last = default(StreamItem<ListHead, RunListItem>);
        while (json.BytesCommitted + json.BytesPending <= ODataQueryString.LargestPage && await items.MoveNextAsync())
        {
            last = items.Current;
            var run = last.Row;
            json.WriteStartObject();
            WriteMembers(
                json,
                run,
                selection.Shown,
                run.Activities is { } part && nextActivities is not null ? await nextActivities(run.Id, part) : null
            );
            json.WriteEndObject();
        }

        json.WriteEndArray();
        return last.HasNext ? last.Row : null;
    }

    /// <summary>
    /// Writes a page of changes: the current runs, and the removed runs in the format of Microsoft Graph
    /// (api-guidelines, change-tracking).
    /// </summary>
    public static void Write(
        Utf8JsonWriter json,
        IReadOnlyList<RunChange> changes,
        DeltaCursor next,
        RunProjection selection,
        string context,
        string link
    )
    {
        json.WriteStartObject();
        json.WriteString(_context, context);
        json.WriteString(next.Scan is null ? "@odata.deltaLink" : "@odata.nextLink", link);
        WriteValue(json, changes, selection);
        json.WriteEndObject();
    }

    /// <summary>Writes changes as an object, with the same entries as a page of changes.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<RunChange> changes, RunProjection selection)
    {
        json.WriteStartObject();
        WriteValue(json, changes, selection);
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, IReadOnlyList<RunChange> changes, RunProjection selection)
    {
        json.WriteStartArray(_value);
        foreach (var change in changes)
        {
            json.WriteStartObject();
            if (change.Run is { } run)
            {
                WriteMembers(json, run, selection.Shown);
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
    }

    /// <summary>Writes a run with all properties and activities, without a context.</summary>
    public static void Write(Utf8JsonWriter json, RunListItem run)
    {
        json.WriteStartObject();
        WriteMembers(json, run, RunProjection.All.Shown);
        json.WriteEndObject();
    }

    /// <summary>Writes the sums of the statistics of many runs.</summary>
    public static void Write(Utf8JsonWriter json, RunTotals sum, string context)
    {
        json.WriteStartObject();
        json.WriteString(_context, context);
        json.WriteString("runId", sum.NewestRunId!.Value);
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

    /// <summary>
    /// Writes the statistics of a run. Declared members are always written. Open members are written as they were sent.
    /// </summary>
    public static void Write(Utf8JsonWriter json, RunStatisticsResponse run, string context)
    {
        json.WriteStartObject();
        json.WriteString(_context, context);
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

    private static void WriteMembers(
        Utf8JsonWriter json,
        RunListItem run,
        ImmutableArray<RunProperty> shown,
        string? nextActivities = null
    )
    {
        if (run.Version < _etags.Length)
        {
            json.WriteString(_etag, _etags[run.Version]);
        }
        else
        {
            json.WriteString(_etag, EntityTags.Format(run.Version));
        }

        foreach (var property in shown)
        {
            property.Write!(json, property.Name, run);
        }

        if (run.Activities is { } activities)
        {
            ActivityJson.Write(json, RunProjection.Activities, activities.Activities);

            // The next link of a partial expanded collection (OData JSON Format §4.5.5).
            if (nextActivities is not null)
            {
                json.WriteString($"{RunProjection.Activities}@odata.nextLink", nextActivities);
            }
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
