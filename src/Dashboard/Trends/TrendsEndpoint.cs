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
        var reader = PageReader.Of(http, context.Caller!.TenantId);
        var key = http.Request.Query["range"].ToString();
        var range = TrendsRange.All.FirstOrDefault(r => r.Key == key) ?? TrendsRange.Default;
        var family = http.Request.Query["family"].ToString().Trim();
        var filter = RunFilterText.All with { StartsWith = family.Length is > 0 and <= MaxName ? family : null };

        var zone = TimeZones.Of(context.Zone);
        var days = range.Buckets * range.Days;
        var first = LocalDays.Of(context.Now, zone).AddDays(1 - days);
        var spans = LocalDays.Spans(first, range.Buckets, range.Days, zone);

        // The parts are read at the same time; the reader gives them their turns.
        var span = new StartSpan(spans[0].Span.From, spans[^1].Span.To);
        var reads = (
            Now: ReadAsync(reader, filter, span),
            Before: ReadAsync(reader, filter, new StartSpan(LocalDays.StartOf(first.AddDays(-days), zone), span.From)),
            Buckets: reader.CountByDaysAsync(filter, spans),
            Days: range.Days == 1 ? null : reader.CountByDaysAsync(filter, LocalDays.Spans(first, days, 1, zone)),
            Failures: reader.FailuresByDaysAsync(filter, spans),
            Newest: reader.ListAsync(RunFilterText.All, null, NewestRuns)
        );
        var now = await reads.Now;
        // If the measures could not be read in time, the number of ended runs is not known.
        var isFew = now.Measures is { } measures
            ? measures.Sum(m => m.Count) < MinRuns
            : now is { Runs.Total: < MinRuns };
        var newest = await reads.Newest ?? [];
        var model = new TrendsModel(
            range,
            filter,
            now,
            await reads.Before,
            await reads.Buckets,
            reads.Days is null ? null : await reads.Days,
            isFew ? [] : await reader.MeasureByDaysAsync(filter, spans),
            await reads.Failures,
            isFew ? await ListFewAsync(reader, filter, span) : null,
            [.. newest.Select(r => RunFamily.Of(r.DisplayName)).Distinct().Order(StringComparer.OrdinalIgnoreCase)]
        );
        await http.RenderAsync<TrendsPage>(context, model);
    }

    private static async Task<TrendsSpan> ReadAsync(PageReader reader, RunFilterText filter, StartSpan span)
    {
        IReadOnlyList<DaySpan> whole = [new(span, span.To - span.From)];
        var (runs, measures, codes) = (
            reader.CountByDaysAsync(filter, whole),
            reader.MeasureByDaysAsync(filter, whole),
            reader.FailuresAsync(filter, span)
        );
        return new TrendsSpan(span, (await runs)?[0], await measures, await codes);
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
