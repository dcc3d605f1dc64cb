using IndustryData.Application.Runs;
using IndustryData.Dashboard.Charts;
using IndustryData.Domain.Runs;

namespace IndustryData.Dashboard.Overview;

/// <summary>
/// The model of the overview. A part that could not be read in time is null, and the page shows the others.
/// </summary>
/// <param name="Range">The span that is shown.</param>
/// <param name="Span">Its bounds.</param>
/// <param name="Tiles">The counts, each with the filter of its list.</param>
/// <param name="Buckets">The runs over time.</param>
/// <param name="Failures">The failures by their codes.</param>
/// <param name="Running">The running runs, the oldest first.</param>
/// <param name="Late">The families that have probably missed a run.</param>
/// <param name="Totals">The sums of the inbound totals of the span.</param>
/// <param name="TotalsBefore">The sums of the span of the same length before it.</param>
/// <param name="Newest">The newest runs, whatever the span.</param>
public sealed record OverviewModel(
    OverviewRange Range,
    StartSpan Span,
    IReadOnlyList<OverviewTile> Tiles,
    IReadOnlyList<Bucket>? Buckets,
    FailuresByCode? Failures,
    IReadOnlyList<RunListItem>? Running,
    LateFamilies? Late,
    InboundTotals? Totals,
    InboundTotals? TotalsBefore,
    IReadOnlyList<RunListItem>? Newest
);

/// <summary>A span of the overview.</summary>
/// <param name="Key">The value of <c>range</c> in the URL.</param>
/// <param name="Name">The name to show.</param>
/// <param name="Hours">The length of a bucket in hours; a whole number of days has the length of these days.</param>
/// <param name="Buckets">The number of buckets.</param>
public sealed record OverviewRange(string Key, string Name, int Hours, int Buckets)
{
    private const int HoursOfDay = 24;

    /// <summary>The spans that the page offers. The first one is the default.</summary>
    public static IReadOnlyList<OverviewRange> All { get; } =
    [
        new("24h", "24 hours", 1, 24),
        new("7d", "7 days", 6, 28),
        new("30d", "30 days", HoursOfDay, 30),
        new("1y", "1 year", 7 * HoursOfDay, 52),
    ];

    /// <summary>Returns the buckets of the span that ends with the current one.</summary>
    /// <param name="now">The current time.</param>
    /// <param name="zone">The time zone whose hours and days the buckets follow.</param>
    internal IReadOnlyList<DaySpan> At(DateTimeOffset now, TimeZoneInfo zone)
    {
        if (Hours % HoursOfDay == 0)
        {
            var days = Hours / HoursOfDay;
            return LocalDays.Spans(LocalDays.Of(now, zone).AddDays(1 - (days * Buckets)), Buckets, days, zone);
        }

        var bucket = TimeSpan.FromHours(Hours);
        var local = TimeZoneInfo.ConvertTime(now, zone);
        var end = local.AddTicks(-(local.TimeOfDay.Ticks % bucket.Ticks)).ToUniversalTime() + bucket;
        return [new DaySpan(new StartSpan(end - (Buckets * bucket), end), bucket)];
    }
}

/// <summary>A count with a link to the runs that it counts.</summary>
/// <param name="Name">The name to show.</param>
/// <param name="Status">The status whose icon and color the tile has.</param>
/// <param name="Count">The number of runs; null if it could not be counted in time.</param>
/// <param name="Filter">The filter that selects the runs.</param>
public sealed record OverviewTile(string Name, string Status, long? Count, string Filter);
