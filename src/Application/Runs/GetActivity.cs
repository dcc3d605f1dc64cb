using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Reads one activity of a run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="RunId">The run's id.</param>
/// <param name="Id">The activity's id.</param>
public sealed record GetActivityQuery(TenantId TenantId, RunId RunId, ActivityId Id) : IQuery<Result<ActivityResponse>>;

internal sealed class GetActivityHandler(IRunReader runs) : IQueryHandler<GetActivityQuery, Result<ActivityResponse>>
{
    public async ValueTask<Result<ActivityResponse>> Handle(GetActivityQuery query, CancellationToken cancellationToken)
    {
        if (await runs.FindActivityAsync(query.TenantId, query.RunId, query.Id, cancellationToken) is { } activity)
        {
            return activity;
        }

        return await runs.ExistsAsync(query.TenantId, query.RunId, cancellationToken)
            ? RunErrors.ActivityNotFound
            : RunErrors.NotFound;
    }
}
