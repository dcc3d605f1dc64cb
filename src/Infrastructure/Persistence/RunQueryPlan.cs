using IndustryData.Application.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Decides how a read is executed: with a plan for all parameter values or with one for its own (ADR 11), and in which
/// portions.
/// </summary>
internal static class RunQueryPlan
{
    // A page with more rows takes a lease of its tenant, like a slow read. Many such pages at once would hold all
    // connections of the indexed pool and the memory of as many pages.
    private const int MaxIndexedRuns = 2 * RunPage.DefaultSize;

    // One activity more than on a default page.
    private const int MaxIndexedActivities = RunPage.DefaultSize + 1;

    // The number of rows of the first portion. For runs it is a default page, so that a default page is one statement.
    // Each run may have a blocking error of 64 KiB.
    private const int FirstRuns = RunPage.DefaultSize + 1;

    // Each run may also have 64 KiB of statistics.
    private const int FirstRunsWithStatistics = 32;

    /// <summary>
    /// True if the runs are contiguous in an index: the runs of a tenant by start time, with all statuses or with one.
    /// The best plan then does not depend on parameter values, and the query is fast unless it includes the statistics.
    /// </summary>
    public static bool CanUseGenericPlan(RunListSpec list) =>
        IsInIndexOrder(list.Order)
        && list is { Skip: 0, Columns.Statistics: false, Limit: <= MaxIndexedRuns }
        && IsStartRangeOnly(list.Criteria);

    /// <summary>
    /// True if the order and the criteria tell which partitions have the runs of a page (<see cref="ListWindow"/>).
    /// </summary>
    public static bool CanUseWindows(RunListSpec list) =>
        list.Skip == 0 && IsInIndexOrder(list.Order) && IsStartRangeOnly(list.Criteria);

    /// <summary>True if an index range answers a delta query.</summary>
    /// <remarks>
    /// Only the initial scan searches for the runs that match the criteria. Every other scan reports each change of its
    /// range, so that an index bounds it.
    /// </remarks>
    public static bool CanUseGenericPlan(RunCriteria criteria, DeltaScan scan, int limit) =>
        limit <= MaxIndexedRuns && (!scan.IsInitialSync || criteria is { Filter: null, SearchTerms.Count: 0 });

    /// <summary>True if the activities of a run are few enough for the indexed pool.</summary>
    public static bool CanUseGenericPlan(int activities) => activities <= MaxIndexedActivities;

    /// <summary>True if the counts by status answer a count, because the criteria depend on nothing else.</summary>
    public static bool FiltersOnlyByStatus(RunCriteria criteria) =>
        criteria.SearchTerms.Count == 0 && (criteria.Filter is null || IsStatusFilter(criteria.Filter));

    /// <summary>Returns the portions in which a list is read.</summary>
    /// <remarks>
    /// If a portion could only be found by sorting, one statement reads the whole page. A reader that has enough rows
    /// cancels the rest.
    /// </remarks>
    public static Portions PortionsOf(RunListSpec list) =>
        IsInIndexOrder(list.Order) ? PortionsOf(list.Limit, list.Columns) : new Portions(list.Limit, list.Limit);

    /// <summary>Returns the portions in which runs in the order of an index are read.</summary>
    public static Portions PortionsOf(int limit, RunColumns columns) =>
        new(
            limit,
            columns.Statistics ? FirstRunsWithStatistics
                : columns.BlockingError ? FirstRuns
                : limit
        );

    // The next runs in the order of an index are found without sorting.
    private static bool IsInIndexOrder(IReadOnlyList<RunOrderKey> order) =>
        order is [{ Field: RunField.StartDateTime } start, { Field: RunField.Id } id]
        && start.IsDescending == id.IsDescending;

    private static bool IsStartRangeOnly(RunCriteria criteria) =>
        criteria.SearchTerms.Count == 0 && (criteria.Filter is null || IsStartRange(criteria.Filter));

    private static bool IsStartRange(IRunFilter filter) =>
        filter switch
        {
            LogicalFilter { IsConjunction: true } logic => logic.Operands.All(IsStartRange),
            ComparisonFilter
            {
                Left.Field: RunField.Status,
                Right: { Field: null, Value: not null },
                Operator: ComparisonOperator.Equal,
            } => true,
            ComparisonFilter
            {
                Left.Field: RunField.StartDateTime,
                Right: { Field: null, Value: not null },
                Operator: not ComparisonOperator.NotEqual,
            } => true,
            _ => false,
        };

    private static bool IsStatusFilter(IRunFilter filter) =>
        filter switch
        {
            LogicalFilter logic => logic.Operands.All(IsStatusFilter),
            NotFilter not => IsStatusFilter(not.Operand),
            ComparisonFilter comparison => IsStatusFilter(comparison.Left) && IsStatusFilter(comparison.Right),
            InFilter membership => IsStatusFilter(membership.Operand),
            _ => false,
        };

    private static bool IsStatusFilter(Operand term) => term.Field is null or RunField.Status;
}
