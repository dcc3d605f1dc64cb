using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>
/// The usual values of a family. The median and the percentile are values of a run: the smallest value that is at least
/// as large as 50 % or 95 % of the values.
/// </summary>
/// <param name="Family">The family.</param>
/// <param name="LastStart">The start time of the newest run.</param>
/// <param name="LastRunId">The id of the newest run.</param>
/// <param name="EndedRuns">
/// The number of ended runs on which the durations and totals are based: 0 to <see cref="MaxRuns"/>.
/// </param>
/// <param name="MedianDuration">The median duration; null if no run has ended.</param>
/// <param name="P95Duration">The 95th percentile of the durations; null if no run has ended.</param>
/// <param name="MedianGap">The median time between the starts of two runs; null if there is only one run.</param>
/// <param name="Gaps">The number of gaps on which the median gap is based: 0 to <see cref="MaxRuns"/>.</param>
/// <param name="MedianTotals">The medians of the inbound totals. A median is null if no run has the total.</param>
public sealed record RunFamilyStatistics(
    string Family,
    DateTimeOffset LastStart,
    Guid LastRunId,
    int EndedRuns,
    TimeSpan? MedianDuration,
    TimeSpan? P95Duration,
    TimeSpan? MedianGap,
    int Gaps,
    InboundTotals MedianTotals
)
{
    /// <summary>The maximum number of runs, the newest ones, on which a value is based.</summary>
    public const int MaxRuns = 50;

    /// <summary>Computes the statistics of a family.</summary>
    /// <param name="family">The family.</param>
    /// <param name="runs">The runs of the family, the newest first; at least one.</param>
    internal static RunFamilyStatistics Of(string family, IReadOnlyList<FamilyRun> runs)
    {
        var ended = runs.Where(r => r.Duration is not null).Take(MaxRuns).ToList();
        var gaps = runs.Zip(runs.Skip(1), (later, earlier) => later.StartDateTime - earlier.StartDateTime)
            .Take(MaxRuns)
            .ToList();
        var durations = ended.Select(r => r.Duration);
        return new RunFamilyStatistics(
            family,
            runs[0].StartDateTime,
            runs[0].Id,
            ended.Count,
            Percentile(durations, 50),
            Percentile(durations, 95),
            Percentile(gaps.Select(g => (TimeSpan?)g), 50),
            gaps.Count,
            new InboundTotals
            {
                Errors = Percentile(ended.Select(r => r.Totals.Errors), 50),
                Warnings = Percentile(ended.Select(r => r.Totals.Warnings), 50),
                Groups = Percentile(ended.Select(r => r.Totals.Groups), 50),
                Memberships = Percentile(ended.Select(r => r.Totals.Memberships), 50),
                Organizations = Percentile(ended.Select(r => r.Totals.Organizations), 50),
                People = Percentile(ended.Select(r => r.Totals.People), 50),
            }
        );
    }

    private static T? Percentile<T>(IEnumerable<T?> values, int percent)
        where T : struct
    {
        var sorted = values.OfType<T>().Order().ToList();
        return sorted.Count == 0 ? null : sorted[((sorted.Count * percent) + 99) / 100 - 1];
    }
}
