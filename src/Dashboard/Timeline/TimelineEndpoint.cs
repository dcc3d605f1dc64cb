using IndustryData.Application.Runs;
using IndustryData.Dashboard.Charts;
using IndustryData.Dashboard.Parts;
using IndustryData.Dashboard.Runs;
using IndustryData.Dashboard.Shell;
using Microsoft.AspNetCore.Http;

namespace IndustryData.Dashboard.Timeline;

/// <summary>The page <c>/ui/timeline</c>: the runs that were open in a span, as bars.</summary>
internal static class TimelineEndpoint
{
    /// <summary>The width of the span in pixels.</summary>
    public const int Width = 1_000;

    private const int DensityBars = 40;

    public static async Task HandleAsync(HttpContext http)
    {
        var context = PageContext.Of(http, isSignedIn: true);
        var reader = PageReader.Of(http, context.Caller!.TenantId);
        var (span, problem) = TimelineSpan.Read(http.Request.Query, context.Now);
        var statuses = StatusLook.OfRuns.Where(s => http.Request.Query["status"].Contains(s)).ToList();
        var folds = TimelineFolds.Read(http.Request.Query);
        var open = await reader.ListOpenAsync(span.Bounds);
        var isTooMany = open?.HasMore == true;
        var shown = isTooMany
            ? null
            : open?.Runs.Where(r => statuses.Count == 0 || statuses.Contains(r.Status)).ToList();
        var model = new TimelineModel(
            span,
            problem,
            Rows(shown, span, folds, context.Now),
            isTooMany ? await CountAsync(reader, span, statuses) : null,
            Overlap.ByPixel(shown ?? [], span, Width, context.Now),
            statuses,
            folds
        );
        await http.RenderAsync<TimelinePage>(context, model);
    }

    /// <summary>Returns the filter that selects the runs that were open in a span.</summary>
    public static RunFilterText Open(TimelineSpan span, DateTimeOffset now)
    {
        // The end of a run that is running is only expected. It is open until now.
        var from = RunTime.Format(span.From);
        var isOpen =
            now > span.From
                ? $"endDateTime gt {from} or status eq 'running'"
                : $"endDateTime gt {from} and status ne 'running'";
        return RunFilterText.All with
        {
            From = span.From - ListOpenRunsQuery.MaxLead,
            To = span.To,
            Others = [$"(startDateTime ge {from} or {isOpen})"],
        };
    }

    private static IReadOnlyList<TimelineRow>? Rows(
        IReadOnlyList<FamilyRun>? runs,
        TimelineSpan span,
        TimelineFolds folds,
        DateTimeOffset now
    ) =>
        runs is null
            ? null
            :
            [
                .. runs.OrderBy(r => r.StartDateTime)
                    .GroupBy(r => r.Family)
                    .OrderBy(g => g.Key, StringComparer.OrdinalIgnoreCase)
                    .Select(g => Row(g.Key, [.. g], span, folds, now)),
            ];

    private static TimelineRow Row(
        string family,
        IReadOnlyList<FamilyRun> runs,
        TimelineSpan span,
        TimelineFolds folds,
        DateTimeOffset now
    )
    {
        (double, double) Position(FamilyRun run) => (Left(run.StartDateTime, span), Left(EndOf(run, now), span));
        var lanes = Lanes.Pack(runs, Position);
        var canFold = lanes.Count > 1;
        var isFolded = canFold && folds.IsFolded(family);
        return new TimelineRow(family, runs, isFolded ? Lanes.Pack(runs, Position, 1) : lanes, canFold, isFolded);
    }

    /// <summary>Returns the position of a time in pixels, within the span.</summary>
    public static double Left(DateTimeOffset time, TimelineSpan span) =>
        Math.Clamp((time - span.From) / span.Length, 0, 1) * Width;

    /// <summary>Returns the time until which a run is or was open; its start time if its end is not known.</summary>
    public static DateTimeOffset EndOf(FamilyRun run, DateTimeOffset now)
    {
        var end = run.Status == "running" ? now : run.EndDateTime ?? run.StartDateTime;
        return end < run.StartDateTime ? run.StartDateTime : end;
    }

    private static async Task<IReadOnlyList<Bucket>?> CountAsync(
        PageReader reader,
        TimelineSpan span,
        IReadOnlyList<string> statuses
    )
    {
        var bucket = TimeSpan.FromMinutes(Math.Ceiling(span.Length.TotalMinutes / DensityBars));
        var counts = await reader.CountByTimeAsync(RunFilterText.All with { Statuses = statuses }, span.Bounds, bucket);
        return counts is null ? null : Bucket.Fill(counts, span.Bounds, bucket);
    }
}
