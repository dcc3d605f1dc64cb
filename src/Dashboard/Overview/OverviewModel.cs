using IndustryData.Application.Runs;

namespace IndustryData.Dashboard.Overview;

/// <summary>The model of the overview.</summary>
/// <param name="Range">The span that is shown.</param>
/// <param name="Tiles">The counts, each with the filter of its list.</param>
/// <param name="Failures">The newest failed runs of the span.</param>
/// <param name="Newest">The newest runs, whatever the span.</param>
public sealed record OverviewModel(
    OverviewRange Range,
    IReadOnlyList<OverviewTile> Tiles,
    IReadOnlyList<RunListItem> Failures,
    IReadOnlyList<RunListItem> Newest
);

/// <summary>A span of the overview.</summary>
/// <param name="Key">The value of <c>range</c> in the URL.</param>
/// <param name="Name">The name to show.</param>
/// <param name="Length">The length.</param>
public sealed record OverviewRange(string Key, string Name, TimeSpan Length)
{
    /// <summary>The spans that the page offers. The first one is the default.</summary>
    public static IReadOnlyList<OverviewRange> All { get; } =
    [
        new("24h", "24 hours", TimeSpan.FromDays(1)),
        new("7d", "7 days", TimeSpan.FromDays(7)),
        new("30d", "30 days", TimeSpan.FromDays(30)),
        new("1y", "1 year", TimeSpan.FromDays(365)),
    ];
}

/// <summary>A count with a link to the runs that it counts.</summary>
/// <param name="Name">The name to show.</param>
/// <param name="Status">The status whose icon and color the tile has.</param>
/// <param name="Count">The number of runs; null if it could not be counted in time.</param>
/// <param name="Filter">The filter that selects the runs.</param>
public sealed record OverviewTile(string Name, string Status, long? Count, string Filter);
