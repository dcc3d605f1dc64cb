using IndustryData.Application.Runs;
using IndustryData.Dashboard.Charts;
using IndustryData.Dashboard.Parts;
using IndustryData.Dashboard.Runs;
using IndustryData.Dashboard.Shell;
using IndustryData.Domain.Runs;
using Microsoft.AspNetCore.Http;

namespace IndustryData.Dashboard.Trends;

/// <summary>The page <c>/ui/trends</c>: runs, durations, totals and failures by day.</summary>
internal static class TrendsEndpoint
{
    /// <summary>The number of ended runs below which the page shows runs instead of percentiles.</summary>
    public const int MinRuns = 5;

    private const int MaxName = 256;
    private const int NewestRuns = 100;

    public static async Task HandleAsync(HttpContext http)
    {
        var context = PageContext.Of(http, isSignedIn: true);
        var reader = new PageReader(http, context.Caller!.TenantId);
        var key = http.Request.Query["range"].ToString();
        var range = TrendsRange.All.FirstOrDefault(r => r.Key == key) ?? TrendsRange.Default;
        var family = http.Request.Query["family"].ToString().Trim();
        var filter = RunFilterText.All with { StartsWith = family.Length is > 0 and <= MaxName ? family : null };

        var zone = TimeZones.Of(context.Zone);
        var days = range.Buckets * range.Days;
        var first = LocalDays.Of(context.Now, zone).AddDays(1 - days);
        var spans = LocalDays.Spans(first, range.Buckets, range.Days, zone);
        var now = await ReadAsync(reader, filter, new StartSpan(spans[0].Span.From, spans[^1].Span.To));
        var before = await ReadAsync(
            reader,
            filter,
            new StartSpan(LocalDays.StartOf(first.AddDays(-days), zone), now.Span.From)
        );
        // Without a run there are no measures. If they could not be read in time, the number of runs is not known.
        var isFew = now.Measures is { Count: < MinRuns } || now is { Measures: null, Runs.Total: < MinRuns };
        var newest = await reader.ListAsync(RunFilterText.All, null, NewestRuns) ?? [];
        var model = new TrendsModel(
            range,
            filter,
            now,
            before,
            await reader.CountByDaysAsync(filter, spans),
            range.Days == 1 ? null : await reader.CountByDaysAsync(filter, LocalDays.Spans(first, days, 1, zone)),
            isFew ? [] : await reader.MeasureByDaysAsync(filter, spans),
            isFew ? await ListFewAsync(reader, filter, now.Span) : null,
            [.. newest.Select(r => RunFamily.Of(r.DisplayName)).Distinct().Order(StringComparer.OrdinalIgnoreCase)]
        );
        await http.RenderAsync<TrendsPage>(context, model);
    }

    private static async Task<TrendsSpan> ReadAsync(PageReader reader, RunFilterText filter, StartSpan span)
    {
        IReadOnlyList<DaySpan> whole = [new(span, span.To - span.From)];
        return new TrendsSpan(
            span,
            (await reader.CountByDaysAsync(filter, whole))?[0],
            await reader.MeasureByDaysAsync(filter, whole) is [var measures, ..] ? measures : null,
            await reader.FailuresAsync(filter, span)
        );
    }

    private static Task<IReadOnlyList<RunListItem>?> ListFewAsync(
        PageReader reader,
        RunFilterText filter,
        StartSpan span
    ) =>
        reader.ListAsync(
            filter with
            {
                From = span.From,
                To = span.To,
                Others = ["status ne 'running'", "endDateTime ne null"],
            },
            "startDateTime asc",
            MinRuns
        );
}
