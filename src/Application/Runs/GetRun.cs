using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Reads one run, statistics included.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The run's id.</param>
public sealed record GetRunQuery(TenantId TenantId, RunId Id) : IQuery<Result<RunResponse>>;

internal sealed class GetRunHandler(IRunReader runs) : IQueryHandler<GetRunQuery, Result<RunResponse>>
{
    public async ValueTask<Result<RunResponse>> Handle(GetRunQuery query, CancellationToken cancellationToken) =>
        await runs.FindAsync(query.TenantId, query.Id, cancellationToken) is { } run ? run : RunErrors.NotFound;
}
