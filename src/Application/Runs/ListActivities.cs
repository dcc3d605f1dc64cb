using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Lists the activities of a run in the order in which they were added.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="RunId">The run's id as sent by the caller.</param>
/// <param name="PageSize">The page size: 0 to <see cref="RunPage.MaxSize"/>.</param>
/// <param name="After">The last activity of the previous page; null for the first page.</param>
/// <param name="WithCount">True to count all activities of the run.</param>
public sealed record ListActivitiesQuery(
    TenantId TenantId,
    string RunId,
    int PageSize,
    ActivityId? After = null,
    bool WithCount = false
) : IQuery<Result<ActivityPage>>;

/// <summary>A page of the activities of a run.</summary>
/// <param name="Activities">The activities in the order in which they were added.</param>
/// <param name="Next">The last activity of this page if there is a next page; otherwise null.</param>
/// <param name="Count">The number of activities of the run; null if not requested.</param>
public sealed record ActivityPage(
    IReadOnlyList<ActivityResponse> Activities,
    ActivityId? Next = null,
    long? Count = null
);

internal sealed class ListActivitiesHandler(IRunReader runs) : IQueryHandler<ListActivitiesQuery, Result<ActivityPage>>
{
    public async ValueTask<Result<ActivityPage>> Handle(ListActivitiesQuery query, CancellationToken cancellationToken)
    {
        if (
            RunId.TryParse(query.RunId) is not { } id
            || await runs.ListActivitiesAsync(query.TenantId, id, query.PageSize, query.After, cancellationToken)
                is not { } page
        )
        {
            return RunErrors.NotFound(query.RunId);
        }

        return query.WithCount
            ? page with
            {
                Count = await runs.CountActivitiesAsync(query.TenantId, id, cancellationToken),
            }
            : page;
    }
}
