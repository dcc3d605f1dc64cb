using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Reads one activity of a run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="RunId">The run's id as sent by the caller.</param>
/// <param name="Id">The activity's id as sent by the caller.</param>
public sealed record GetActivityQuery(TenantId TenantId, string RunId, string Id) : IQuery<Result<ActivityResponse>>;

internal sealed class GetActivityHandler(IRunReader runs) : IQueryHandler<GetActivityQuery, Result<ActivityResponse>>
{
    public async ValueTask<Result<ActivityResponse>> Handle(GetActivityQuery query, CancellationToken cancellationToken)
    {
        if (RunId.TryParse(query.RunId) is not { } runId)
        {
            return RunErrors.NotFound(query.RunId);
        }

        if (
            ActivityId.TryParse(query.Id) is { } id
            && await runs.FindActivityAsync(query.TenantId, runId, id, cancellationToken) is { } activity
        )
        {
            return activity;
        }

        return await runs.ExistsAsync(query.TenantId, runId, cancellationToken)
            ? RunErrors.ActivityNotFound(query.Id)
            : RunErrors.NotFound(query.RunId);
    }
}
