using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Reads the statistics of one run.</summary>
/// <param name="TenantId">Whose run it is.</param>
/// <param name="Id">The id as the caller wrote it: what is no GUID is an id that does not exist.</param>
public sealed record GetRunStatisticsQuery(TenantId TenantId, string Id) : IQuery<Result<RunStatisticsResponse>>;

/// <summary>What a run counted.</summary>
/// <param name="RunId">Which run.</param>
/// <param name="Status">How the run stands, by name.</param>
/// <param name="Statistics">The statistics, a JSON object.</param>
public sealed record RunStatisticsResponse(Guid RunId, string Status, string Statistics);

internal sealed class GetRunStatisticsHandler(IRunReader runs) : IQueryHandler<GetRunStatisticsQuery, Result<RunStatisticsResponse>>
{
    public async ValueTask<Result<RunStatisticsResponse>> Handle(GetRunStatisticsQuery query, CancellationToken cancellationToken) =>
        RunId.TryParse(query.Id) is { } id && await runs.FindAsync(query.TenantId, id, cancellationToken) is { } run
            ? new RunStatisticsResponse(run.Id, run.Status, run.Statistics)
            : RunErrors.NotFound(query.Id);
}
