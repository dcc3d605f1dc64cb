using IndustryData.Application.Runs;

namespace IndustryData.Dashboard.Charts;

/// <summary>
/// The days and hours of a time zone. A day has 23 or 25 hours when the clock changes, and in some zones 23.5 or 24.5.
/// </summary>
internal static class LocalDays
{
    /// <summary>Returns the day of an instant.</summary>
    public static DateOnly Of(DateTimeOffset time, TimeZoneInfo zone) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time, zone).DateTime);

    /// <summary>Returns the first instant of a day.</summary>
    public static DateTimeOffset StartOf(DateOnly day, TimeZoneInfo zone) =>
        InstantOf(day.ToDateTime(TimeOnly.MinValue), zone);

    /// <summary>Returns the instants in a span at which the local clock shows a multiple of a step.</summary>
    /// <param name="span">The span.</param>
    /// <param name="step">The step: a part of a day, or whole days, counted from the first day.</param>
    /// <param name="zone">The time zone.</param>
    public static IEnumerable<DateTimeOffset> Marks(StartSpan span, TimeSpan step, TimeZoneInfo zone)
    {
        var last = DateTimeOffset.MinValue;
        for (var clock = Of(span.From, zone).ToDateTime(TimeOnly.MinValue); ; clock += step)
        {
            var mark = InstantOf(clock, zone);
            if (mark >= span.To)
            {
                yield break;
            }

            if (mark >= span.From && mark > last)
            {
                yield return last = mark;
            }
        }
    }

    /// <summary>Returns the spans of consecutive buckets that have the same length.</summary>
    /// <param name="first">The first day.</param>
    /// <param name="count">The number of buckets.</param>
    /// <param name="days">The number of days of a bucket.</param>
    /// <param name="zone">The time zone.</param>
    public static IReadOnlyList<DaySpan> Spans(DateOnly first, int count, int days, TimeZoneInfo zone)
    {
        var spans = new List<DaySpan>();
        for (var i = 0; i < count; i++)
        {
            var (from, to) = (StartOf(first.AddDays(i * days), zone), StartOf(first.AddDays((i + 1) * days), zone));
            if (spans is [.., var last] && last.Bucket == to - from)
            {
                spans[^1] = last with { Span = last.Span with { To = to } };
            }
            else
            {
                spans.Add(new DaySpan(new StartSpan(from, to), to - from));
            }
        }

        return spans;
    }

    // A clock time that is skipped becomes the first instant after the gap; of one that occurs twice, the first is
    // taken.
    private static DateTimeOffset InstantOf(DateTime clock, TimeZoneInfo zone)
    {
        while (zone.IsInvalidTime(clock))
        {
            clock = clock.AddMinutes(1);
        }

        var offset = zone.IsAmbiguousTime(clock) ? zone.GetAmbiguousTimeOffsets(clock).Max() : zone.GetUtcOffset(clock);
        return new DateTimeOffset(clock, offset).ToUniversalTime();
    }
}

/// <summary>Consecutive buckets of whole days that have the same length.</summary>
/// <param name="Span">From the beginning of the first bucket to the end of the last one.</param>
/// <param name="Bucket">The length of a bucket.</param>
internal sealed record DaySpan(StartSpan Span, TimeSpan Bucket);
