using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Lists runs of a tenant.</summary>
/// <param name="TenantId">Whose runs.</param>
/// <param name="Criteria">Which of them.</param>
/// <param name="Order">A total order (<see cref="RunOrderKey.Total"/>).</param>
/// <param name="PageSize">0 to <see cref="RunPage.MaxSize"/>.</param>
/// <param name="Skip">How many runs to leave out at the beginning.</param>
/// <param name="After">The last run of the page before; null for the first page.</param>
/// <param name="WithStatistics">Whether to read the statistics too, which may be large.</param>
/// <param name="WithCount">Whether to count all the runs that the criteria select.</param>
/// <param name="WithActivities">Whether to read what each run carried out too; then the page has at most <see cref="RunPage.MaxSizeWithActivities"/> runs.</param>
public sealed record ListRunsQuery(
    TenantId TenantId,
    RunCriteria Criteria,
    IReadOnlyList<RunOrderKey> Order,
    int PageSize,
    long Skip = 0,
    RunPosition? After = null,
    bool WithStatistics = false,
    bool WithCount = false,
    bool WithActivities = false) : IQuery<Result<RunPage>>;

/// <summary>One page of a list.</summary>
/// <param name="Runs">The runs, in the list's order.</param>
/// <param name="Next">Where the next page begins; null when this is the last.</param>
/// <param name="Count">How many runs the criteria select on all pages together; null when nobody asked.</param>
public sealed record RunPage(IReadOnlyList<RunListItem> Runs, RunPosition? Next, long? Count = null)
{
    /// <summary>The runs on a page when nobody asks for a number.</summary>
    public const int DefaultSize = 100;

    /// <summary>The runs on a page at most.</summary>
    public const int MaxSize = 1000;

    /// <summary>The runs on a page at most that come with their activities, of which each may have a thousand.</summary>
    public const int MaxSizeWithActivities = 100;
}

internal sealed class ListRunsHandler(IRunReader runs) : IQueryHandler<ListRunsQuery, Result<RunPage>>
{
    public async ValueTask<Result<RunPage>> Handle(ListRunsQuery query, CancellationToken cancellationToken)
    {
        long? count = query.WithCount ? await runs.CountAsync(query.TenantId, query.Criteria, cancellationToken) : null;
        if (query.PageSize == 0)
        {
            return new RunPage([], null, count);
        }

        // One more than asked for tells whether there is a next page.
        var found = await runs.ListAsync(query with { PageSize = query.PageSize + 1 }, cancellationToken);
        var next = found.Count <= query.PageSize ? null : RunPosition.Of(found[query.PageSize - 1], query.Order);
        var page = next is null ? found : [.. found.Take(query.PageSize)];
        return new RunPage(query.WithActivities && page.Count > 0 ? await WithActivitiesAsync(query.TenantId, page, cancellationToken) : page, next, count);
    }

    private async Task<IReadOnlyList<RunListItem>> WithActivitiesAsync(TenantId tenantId, IReadOnlyList<RunListItem> page, CancellationToken cancellationToken)
    {
        var activities = await runs.ActivitiesAsync(tenantId, [.. page.Select(r => r.Id)], cancellationToken);
        return [.. page.Select(r => r with { Activities = activities.GetValueOrDefault(r.Id, []) })];
    }
}
