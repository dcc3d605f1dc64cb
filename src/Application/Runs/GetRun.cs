using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Reads one run, statistics included.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The run's id as sent by the caller. A value that is not a GUID counts as an unknown id.</param>
public sealed record GetRunQuery(TenantId TenantId, string Id) : IQuery<Result<RunResponse>>;

internal sealed class GetRunHandler(IRunReader runs) : IQueryHandler<GetRunQuery, Result<RunResponse>>
{
    public async ValueTask<Result<RunResponse>> Handle(GetRunQuery query, CancellationToken cancellationToken) =>
        RunId.TryParse(query.Id) is { } id && await runs.FindAsync(query.TenantId, id, cancellationToken) is { } run
            ? run
            : RunErrors.NotFound(query.Id);
}
