using IndustryData.Application.Runs;

namespace IndustryData.Dashboard.Timeline;

/// <summary>Counts the runs that were open at the same time.</summary>
internal static class Overlap
{
    /// <summary>Returns the maximum number of open runs for each pixel of a span.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="span">The span.</param>
    /// <param name="width">The width of the span, in pixels.</param>
    /// <param name="now">The current time, until which running runs are open.</param>
    public static IReadOnlyList<int> ByPixel(
        IReadOnlyList<FamilyRun> runs,
        TimelineSpan span,
        int width,
        DateTimeOffset now
    )
    {
        // At the same instant, ends come before starts: runs one after the other do not overlap.
        var steps = runs.Select(r => (Start: r.StartDateTime, End: TimelineEndpoint.EndOf(r, now)))
            .Where(r => r.End > r.Start && r.End > span.From && r.Start < span.To)
            .SelectMany(r => new[] { (Time: r.Start, Step: 1), (Time: r.End, Step: -1) })
            .OrderBy(s => s.Time)
            .ThenBy(s => s.Step)
            .ToList();
        var most = new int[width];
        var open = 0;
        for (var i = 0; i < steps.Count; i++)
        {
            open += steps[i].Step;
            var until = i + 1 < steps.Count ? steps[i + 1].Time : steps[i].Time;
            for (var x = First(steps[i].Time); until > steps[i].Time && x < Behind(until); x++)
            {
                most[x] = Math.Max(most[x], open);
            }
        }

        return most;

        // Whole numbers, because a rounded bound would belong to the pixel beside it.
        long Ticks(DateTimeOffset time) => Math.Clamp((time - span.From).Ticks, 0, span.Length.Ticks) * width;

        int First(DateTimeOffset time) => (int)(Ticks(time) / span.Length.Ticks);

        int Behind(DateTimeOffset time) => (int)((Ticks(time) + span.Length.Ticks - 1) / span.Length.Ticks);
    }
}
