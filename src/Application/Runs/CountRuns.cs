using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Counts runs of a tenant.</summary>
/// <param name="TenantId">Whose runs.</param>
/// <param name="Criteria">Which of them.</param>
public sealed record CountRunsQuery(TenantId TenantId, RunCriteria Criteria) : IQuery<Result<RunCount>>;

/// <summary>How many runs there are.</summary>
public sealed record RunCount(long Value);

internal sealed class CountRunsHandler(IRunReader runs) : IQueryHandler<CountRunsQuery, Result<RunCount>>
{
    public async ValueTask<Result<RunCount>> Handle(CountRunsQuery query, CancellationToken cancellationToken) =>
        new RunCount(await runs.CountAsync(query.TenantId, query.Criteria, time: null, cancellationToken));
}
