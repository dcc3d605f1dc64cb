using IndustryData.Application.Runs;
using IndustryData.Dashboard.Charts;

namespace IndustryData.Dashboard.Timeline;

/// <summary>The model of the timeline.</summary>
/// <param name="Span">The span.</param>
/// <param name="Problem">What is wrong with the values of the URL; null if nothing.</param>
/// <param name="Rows">The families; null if the runs could not be read in time.</param>
/// <param name="Density">The runs by start time, shown if there are too many for bars; null otherwise.</param>
/// <param name="Overlap">
/// The maximum number of runs that were open at the same time, for each pixel of the span; empty if there are no rows.
/// </param>
/// <param name="Statuses">The statuses that are shown; none shows all.</param>
/// <param name="Folds">The families that are folded.</param>
public sealed record TimelineModel(
    TimelineSpan Span,
    string? Problem,
    IReadOnlyList<TimelineRow>? Rows,
    IReadOnlyList<Bucket>? Density,
    IReadOnlyList<int> Overlap,
    IReadOnlyList<string> Statuses,
    TimelineFolds Folds
);

/// <summary>A row of the timeline.</summary>
/// <param name="Family">The family of the runs.</param>
/// <param name="Runs">The runs in the order of their start times.</param>
/// <param name="Lanes">The lanes of bars. A folded row has one.</param>
/// <param name="CanFold">True if the row needs more than one lane.</param>
/// <param name="IsFolded">True if it is folded.</param>
public sealed record TimelineRow(
    string Family,
    IReadOnlyList<FamilyRun> Runs,
    IReadOnlyList<IReadOnlyList<Block>> Lanes,
    bool CanFold,
    bool IsFolded
);
