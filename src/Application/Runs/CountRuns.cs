using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Counts runs of a tenant.</summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Criteria">The criteria that select the runs.</param>
public sealed record CountRunsQuery(TenantId TenantId, RunCriteria Criteria) : IQuery<Result<RunCount>>;

/// <summary>The number of runs.</summary>
public sealed record RunCount(long Value);

internal sealed class CountRunsHandler(IRunReader runs) : IQueryHandler<CountRunsQuery, Result<RunCount>>
{
    public async ValueTask<Result<RunCount>> Handle(CountRunsQuery query, CancellationToken cancellationToken) =>
        new RunCount(await runs.CountAsync(query.TenantId, query.Criteria, time: null, cancellationToken));
}
