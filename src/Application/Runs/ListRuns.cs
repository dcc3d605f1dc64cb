using System.Runtime.CompilerServices;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Lists runs of a tenant. The stream ends with the page. A reader that stops earlier ends the page and the query.
/// </summary>
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
) : IStreamQuery<StreamItem<ListHead, RunListItem>>;

internal sealed class ListRunsHandler(IRunReader runs)
    : IStreamQueryHandler<ListRunsQuery, StreamItem<ListHead, RunListItem>>
{
    public async IAsyncEnumerable<StreamItem<ListHead, RunListItem>> Handle(
        ListRunsQuery query,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // All queries of a request share the timeout of one query.
        var time = query.WithCount || query.WithActivities ? new QueryTime() : null;
        yield return new(
            new ListHead(
                query.WithCount ? await runs.CountAsync(query.TenantId, query.Criteria, time, cancellationToken) : null
            )
        );
        if (query.PageSize == 0)
        {
            yield break;
        }

        // One additional run shows that there is a next page.
        var found = runs.ListAsync(
            new RunListSpec(
                query.TenantId,
                query.Criteria,
                query.Order,
                query.PageSize + 1,
                query.Skip,
                query.After,
                new RunColumns(query.WithStatistics, query.WithBlockingError)
            ),
            time,
            cancellationToken
        );
        if (query.WithActivities)
        {
            await foreach (var item in WithActivitiesAsync(query, found, time, cancellationToken))
            {
                yield return item;
            }

            yield break;
        }

        await using var rows = found.GetAsyncEnumerator(cancellationToken);
        var hasNext = await rows.MoveNextAsync();
        for (var read = 0; hasNext && read < query.PageSize; read++)
        {
            var run = rows.Current;
            hasNext = await rows.MoveNextAsync();
            yield return new(run, hasNext);
        }
    }

    private async IAsyncEnumerable<StreamItem<ListHead, RunListItem>> WithActivitiesAsync(
        ListRunsQuery query,
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

        // The activities are streamed so that no more are read than the page can hold. They end with the first run that
        // has too many of them.
        var size = Math.Min(read.Count, query.PageSize);
        await using var activities = runs.ListActivitiesAsync(
                query.TenantId,
                [.. read.Take(size).Select(r => r.Id)],
                time,
                cancellationToken
            )
            .GetAsyncEnumerator(cancellationToken);
        for (var i = 0; i < size && await activities.MoveNextAsync(); i++)
        {
            yield return new(read[i] with { Activities = activities.Current }, hasNext: i + 1 < read.Count);
        }
    }
}
