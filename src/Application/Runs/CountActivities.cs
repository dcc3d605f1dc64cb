using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Counts the activities of a run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="RunId">The run's id.</param>
public sealed record CountActivitiesQuery(TenantId TenantId, RunId RunId) : IQuery<Result<long>>;

internal sealed class CountActivitiesHandler(IRunReader runs) : IQueryHandler<CountActivitiesQuery, Result<long>>
{
    public async ValueTask<Result<long>> Handle(CountActivitiesQuery query, CancellationToken cancellationToken) =>
        await runs.CountActivitiesAsync(query.TenantId, query.RunId, cancellationToken) is { } count
            ? count
            : RunErrors.NotFound;
}
