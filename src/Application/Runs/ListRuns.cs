using System.Runtime.CompilerServices;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Lists runs of a tenant.</summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Criteria">The criteria that select the runs.</param>
/// <param name="Order">The order; must be a total order (<see cref="RunOrderKey.WithTieBreaker"/>).</param>
/// <param name="PageSize">The page size: 0 to <see cref="RunPage.MaxSize"/>.</param>
/// <param name="Skip">The number of runs to skip.</param>
/// <param name="After">The position of the last run of the previous page; null for the first page.</param>
/// <param name="WithStatistics">True to include the statistics, which may be large.</param>
/// <param name="WithCount">True to count all runs that the criteria select.</param>
/// <param name="WithActivities">
/// True to include the activities. The page then has at most <see cref="RunPage.MaxSizeWithActivities"/> runs.
/// </param>
/// <param name="WithBlockingError">True to include the blocking errors, which may be large.</param>
public sealed record ListRunsQuery(
    TenantId TenantId,
    RunCriteria Criteria,
    IReadOnlyList<RunOrderKey> Order,
    int PageSize,
    long Skip = 0,
    KeysetCursor? After = null,
    bool WithStatistics = false,
    bool WithCount = false,
    bool WithActivities = false,
    bool WithBlockingError = true
) : IQuery<Result<RunPage>>
{
    /// <summary>True if the order is that of an index. The next runs are then found without sorting.</summary>
    public bool IsInIndexOrder =>
        Order is [{ Field: RunField.StartDateTime } start, { Field: RunField.Id } id]
        && start.IsDescending == id.IsDescending;

    /// <summary>
    /// True if the runs are contiguous in an index: the runs of a tenant by start time, with all statuses or with one.
    /// The best plan then does not depend on parameter values, and the query is fast unless it includes the statistics.
    /// </summary>
    public bool CanUseGenericPlan => IsInIndexOrder && Skip == 0 && !WithStatistics && Criteria.IsStartRangeOnly;
}

/// <summary>One page of a list. Its runs are streamed; a read error is thrown during the enumeration.</summary>
public sealed record RunPage
{
    /// <summary>The default number of runs on a page.</summary>
    public const int DefaultSize = 100;

    /// <summary>The maximum number of runs on a page.</summary>
    public const int MaxSize = 1000;

    /// <summary>
    /// The maximum number of runs on a page with activities. Each run may have a thousand activities.
    /// </summary>
    public const int MaxSizeWithActivities = 100;

    /// <summary>The number of runs on all pages; null if the query does not request it.</summary>
    public long? Count { get; init; }

    /// <summary>The runs in the requested order.</summary>
    public required IAsyncEnumerable<RunListItem> Runs { get; set; }

    /// <summary>
    /// True if the page has reached its size limit. Setting it during the enumeration ends the page.
    /// </summary>
    public bool SizeLimitReached { get; set; }

    /// <summary>
    /// The position at which the next page starts; null for the last page. It is valid after the runs are enumerated.
    /// </summary>
    public KeysetCursor? Next { get; internal set; }
}

internal sealed class ListRunsHandler(IRunReader runs) : IQueryHandler<ListRunsQuery, Result<RunPage>>
{
    public async ValueTask<Result<RunPage>> Handle(ListRunsQuery query, CancellationToken cancellationToken)
    {
        // All queries of a request share the timeout of one query.
        var time = query.WithCount || query.WithActivities ? new QueryTime() : null;
        var page = new RunPage
        {
            Count = query.WithCount
                ? await runs.CountAsync(query.TenantId, query.Criteria, time, cancellationToken)
                : null,
            Runs = AsyncEnumerable.Empty<RunListItem>(),
        };
        if (query.PageSize > 0)
        {
            page.Runs = ReadAsync(query, page, time, cancellationToken);
            page.Runs = query.WithActivities
                ? WithActivitiesAsync(query, page, page.Runs, time, cancellationToken)
                : page.Runs;
        }

        return page;
    }

    private async IAsyncEnumerable<RunListItem> ReadAsync(
        ListRunsQuery query,
        RunPage page,
        QueryTime? time,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (last, read) = (default(RunListItem), 0);

        // One additional run shows that there is a next page.
        await foreach (var run in runs.ListAsync(query with { PageSize = query.PageSize + 1 }, time, cancellationToken))
        {
            if (read == query.PageSize || page.SizeLimitReached)
            {
                page.Next = KeysetCursor.FromRun(last, query.Order);
                yield break;
            }

            (last, read) = (run, read + 1);
            yield return run;
        }
    }

    private async IAsyncEnumerable<RunListItem> WithActivitiesAsync(
        ListRunsQuery query,
        RunPage page,
        IAsyncEnumerable<RunListItem> found,
        QueryTime? time,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var read = await found.ToListAsync(cancellationToken);
        if (read.Count == 0)
        {
            yield break;
        }

        // The activities are streamed so that no more are read than the page can hold.
        await using var activities = runs.ListActivitiesAsync(
                query.TenantId,
                [.. read.Select(r => r.Id)],
                time,
                cancellationToken
            )
            .GetAsyncEnumerator(cancellationToken);
        RunListItem? last = null;
        foreach (var run in read)
        {
            if ((page.SizeLimitReached && last is not null) || !await activities.MoveNextAsync())
            {
                page.Next = last is { } before ? KeysetCursor.FromRun(before, query.Order) : page.Next;
                yield break;
            }

            last = run;
            yield return run with
            {
                Activities = activities.Current,
            };
        }
    }
}
