using System.Runtime.CompilerServices;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Lists runs of a tenant.</summary>
/// <param name="TenantId">Whose runs.</param>
/// <param name="Criteria">Which of them.</param>
/// <param name="Order">A total order (<see cref="RunOrderKey.WithTieBreaker"/>).</param>
/// <param name="PageSize">0 to <see cref="RunPage.MaxSize"/>.</param>
/// <param name="Skip">How many runs to leave out at the beginning.</param>
/// <param name="After">The last run of the page before; null for the first page.</param>
/// <param name="WithStatistics">Whether to read the statistics too, which may be large.</param>
/// <param name="WithCount">Whether to count all the runs that the criteria select.</param>
/// <param name="WithActivities">Whether to read what each run carried out too; then the page has at most <see cref="RunPage.MaxSizeWithActivities"/> runs.</param>
/// <param name="WithBlockingError">Whether to read the blocking errors, which may be large.</param>
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
    bool WithBlockingError = true) : IQuery<Result<RunPage>>
{
    /// <summary>Whether the order is that of an index: what comes after a run is found without sorting.</summary>
    public bool IsInIndexOrder =>
        Order is [{ Field: RunField.StartDateTime } start, { Field: RunField.Id } id] && start.IsDescending == id.IsDescending;

    /// <summary>
    /// Whether the runs stand one after the other in an index: those of a tenant by their start, of all statuses or of one. How to find them then
    /// depends on no value, and is quickly done, unless their statistics come too.
    /// </summary>
    public bool CanUseGenericPlan => IsInIndexOrder && Skip == 0 && !WithStatistics && Criteria.IsStartRangeOnly;
}

/// <summary>One page of a list. Its runs come one by one, as they are read; a failure to read them is thrown there.</summary>
public sealed record RunPage
{
    /// <summary>The runs on a page when nobody asks for a number.</summary>
    public const int DefaultSize = 100;

    /// <summary>The runs on a page at most.</summary>
    public const int MaxSize = 1000;

    /// <summary>The runs on a page at most that come with their activities, of which each may have a thousand.</summary>
    public const int MaxSizeWithActivities = 100;

    /// <summary>How many runs the criteria select on all pages together; null when nobody asked.</summary>
    public long? Count { get; init; }

    /// <summary>The runs, in the list's order.</summary>
    public required IAsyncEnumerable<RunListItem> Runs { get; set; }

    /// <summary>Set while the runs are read when there is no room for more of them: then the page ends here.</summary>
    public bool SizeLimitReached { get; set; }

    /// <summary>Where the next page begins, once the runs have been read; null when this is the last.</summary>
    public KeysetCursor? Next { get; internal set; }
}

internal sealed class ListRunsHandler(IRunReader runs) : IQueryHandler<ListRunsQuery, Result<RunPage>>
{
    public async ValueTask<Result<RunPage>> Handle(ListRunsQuery query, CancellationToken cancellationToken)
    {
        // What is asked for together must be done within the time of one query.
        var time = query.WithCount || query.WithActivities ? new QueryTime() : null;
        var page = new RunPage
        {
            Count = query.WithCount ? await runs.CountAsync(query.TenantId, query.Criteria, time, cancellationToken) : null,
            Runs = AsyncEnumerable.Empty<RunListItem>(),
        };
        if (query.PageSize > 0)
        {
            page.Runs = ReadAsync(query, page, time, cancellationToken);
            page.Runs = query.WithActivities ? WithActivitiesAsync(query, page, page.Runs, time, cancellationToken) : page.Runs;
        }

        return page;
    }

    private async IAsyncEnumerable<RunListItem> ReadAsync(ListRunsQuery query, RunPage page, QueryTime? time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (last, read) = (default(RunListItem), 0);

        // One more than asked for tells whether there is a next page.
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
        ListRunsQuery query, RunPage page, IAsyncEnumerable<RunListItem> found, QueryTime? time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var read = await found.ToListAsync(cancellationToken);
        if (read.Count == 0)
        {
            yield break;
        }

        // Read one by one, so that nothing is read that the page has no room for.
        await using var activities = runs.ListActivitiesAsync(query.TenantId, [.. read.Select(r => r.Id)], time, cancellationToken).GetAsyncEnumerator(cancellationToken);
        RunListItem? last = null;
        foreach (var run in read)
        {
            if ((page.SizeLimitReached && last is not null) || !await activities.MoveNextAsync())
            {
                page.Next = last is { } before ? KeysetCursor.FromRun(before, query.Order) : page.Next;
                yield break;
            }

            last = run;
            yield return run with { Activities = activities.Current };
        }
    }
}
