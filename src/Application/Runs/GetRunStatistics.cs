using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Reads the statistics of one run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The run's id.</param>
public sealed record GetRunStatisticsQuery(TenantId TenantId, RunId Id) : IQuery<Result<RunStatisticsResponse>>;

/// <summary>The statistics of a run.</summary>
/// <param name="RunId">The id of the run.</param>
/// <param name="Status">The name of the run's status.</param>
/// <param name="Statistics">The statistics as a JSON object.</param>
public sealed record RunStatisticsResponse(Guid RunId, string Status, string Statistics);

internal sealed class GetRunStatisticsHandler(IRunReader runs)
    : IQueryHandler<GetRunStatisticsQuery, Result<RunStatisticsResponse>>
{
    public async ValueTask<Result<RunStatisticsResponse>> Handle(
        GetRunStatisticsQuery query,
        CancellationToken cancellationToken
    ) =>
        await runs.FindAsync(query.TenantId, query.Id, cancellationToken) is { } run
            ? new RunStatisticsResponse(run.Id, run.Status, run.Statistics)
            : RunErrors.NotFound;
}
