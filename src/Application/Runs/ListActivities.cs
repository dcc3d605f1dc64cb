using System.Runtime.CompilerServices;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Lists the activities of a run in the order in which they were added. The stream ends with the page. The page has
/// fewer activities than requested if they would occupy many megabytes.
/// </summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="RunId">The run's id.</param>
/// <param name="PageSize">The page size: 0 to <see cref="RunPage.MaxSize"/>.</param>
/// <param name="After">The last activity of the previous page; null for the first page.</param>
/// <param name="WithCount">True to count all activities of the run.</param>
public sealed record ListActivitiesQuery(
    TenantId TenantId,
    RunId RunId,
    int PageSize,
    ActivityId? After = null,
    bool WithCount = false
) : IStreamQuery<StreamItem<ListHead, ActivityResponse>>;

internal sealed class ListActivitiesHandler(IRunReader runs)
    : IStreamQueryHandler<ListActivitiesQuery, StreamItem<ListHead, ActivityResponse>>
{
    public async IAsyncEnumerable<StreamItem<ListHead, ActivityResponse>> Handle(
        ListActivitiesQuery query,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var count = query.WithCount
            ? await runs.CountActivitiesAsync(query.TenantId, query.RunId, cancellationToken)
            : null;

        // One additional activity shows that there is a next page.
        await using var rows = (
            query.PageSize > 0
                ? runs.ListActivitiesAsync(
                    query.TenantId,
                    query.RunId,
                    query.PageSize + 1,
                    query.After,
                    cancellationToken
                )
                : AsyncEnumerable.Empty<ActivityResponse>()
        ).GetAsyncEnumerator(cancellationToken);
        var hasNext = await rows.MoveNextAsync();
        if (!hasNext && count is null && !await runs.ExistsAsync(query.TenantId, query.RunId, cancellationToken))
        {
            yield return RunErrors.NotFound;
            yield break;
        }

        yield return new(new ListHead(count));
        var chars = 0L;
        for (var read = 0; hasNext && read < query.PageSize && chars <= RunPage.MaxChars; read++)
        {
            var activity = rows.Current;
            chars += RunPage.RowChars + (activity.BlockingError?.Length ?? 0) + (activity.Activity?.Length ?? 0);
            hasNext = await rows.MoveNextAsync();
            yield return new(activity, hasNext);
        }
    }
}
