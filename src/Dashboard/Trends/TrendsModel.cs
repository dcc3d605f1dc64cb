using IndustryData.Application.Runs;
using IndustryData.Dashboard.Charts;
using IndustryData.Dashboard.Runs;

namespace IndustryData.Dashboard.Trends;

/// <summary>
/// The model of the trends. A part that could not be read in time is null, and the page shows the others.
/// </summary>
/// <param name="Range">The span that is shown.</param>
/// <param name="Filter">The filter of the family, without the time.</param>
/// <param name="Now">The span.</param>
/// <param name="Before">The span of the same number of days before it.</param>
/// <param name="Buckets">The runs by day or week.</param>
/// <param name="Days">The runs of a year by day; null if the span is shorter.</param>
/// <param name="Measures">The durations and totals by day or week, for those with ended runs.</param>
/// <param name="Failures">The failures by error code and by day or week.</param>
/// <param name="Few">The ended runs if there are fewer than five; null otherwise.</param>
/// <param name="Families">Families to choose from.</param>
public sealed record TrendsModel(
    TrendsRange Range,
    RunFilterText Filter,
    TrendsSpan Now,
    TrendsSpan Before,
    IReadOnlyList<Bucket>? Buckets,
    IReadOnlyList<Bucket>? Days,
    IReadOnlyList<RunMeasuresOfTime>? Measures,
    FailuresByTime? Failures,
    IReadOnlyList<RunListItem>? Few,
    IReadOnlyList<string> Families
);

/// <summary>The numbers of a whole span.</summary>
/// <param name="Span">The bounds.</param>
/// <param name="Runs">The runs by status; null if not read in time.</param>
/// <param name="Measures">The durations and totals, at most one; null if not read in time.</param>
/// <param name="Codes">The failures by error code; null if not read in time.</param>
public sealed record TrendsSpan(
    StartSpan Span,
    Bucket? Runs,
    IReadOnlyList<RunMeasuresOfTime>? Measures,
    FailuresByCode? Codes
)
{
    /// <summary>The durations and totals; null if no run has ended, or if not read in time.</summary>
    public RunMeasuresOfTime? Measured => Measures is [var measured, ..] ? measured : null;
}

/// <summary>A span of the trends.</summary>
/// <param name="Key">The value of <c>range</c> in the URL.</param>
/// <param name="Name">The name to show.</param>
/// <param name="Buckets">The number of buckets.</param>
/// <param name="Days">The number of days of a bucket.</param>
public sealed record TrendsRange(string Key, string Name, int Buckets, int Days)
{
    /// <summary>The spans that the page offers.</summary>
    public static IReadOnlyList<TrendsRange> All { get; } =
    [new("7d", "7 days", 7, 1), new("30d", "30 days", 30, 1), new("90d", "90 days", 90, 1), new("1y", "1 year", 52, 7)];

    /// <summary>The span without a choice.</summary>
    public static TrendsRange Default { get; } = All[1];

    /// <summary>The name of a bucket.</summary>
    public string Unit => Days == 1 ? "day" : "week";
}
