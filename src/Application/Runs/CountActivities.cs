using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Counts the activities of a run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="RunId">The run's id as sent by the caller.</param>
public sealed record CountActivitiesQuery(TenantId TenantId, string RunId) : IQuery<Result<long>>;

internal sealed class CountActivitiesHandler(IRunReader runs) : IQueryHandler<CountActivitiesQuery, Result<long>>
{
    public async ValueTask<Result<long>> Handle(CountActivitiesQuery query, CancellationToken cancellationToken) =>
        RunId.TryParse(query.RunId) is { } id
        && await runs.CountActivitiesAsync(query.TenantId, id, cancellationToken) is { } count
            ? count
            : RunErrors.NotFound(query.RunId);
}
