using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Lists what a run carried out, in the order in which it was reported. A run has so few that they come at once.</summary>
/// <param name="TenantId">Whose run it is.</param>
/// <param name="RunId">The run's id as the caller wrote it.</param>
public sealed record ListActivitiesQuery(TenantId TenantId, string RunId) : IQuery<Result<IReadOnlyList<ActivityResponse>>>;

internal sealed class ListActivitiesHandler(IRunReader runs) : IQueryHandler<ListActivitiesQuery, Result<IReadOnlyList<ActivityResponse>>>
{
    public async ValueTask<Result<IReadOnlyList<ActivityResponse>>> Handle(ListActivitiesQuery query, CancellationToken cancellationToken) =>
        RunId.FromText(query.RunId) is { } id && await runs.ActivitiesAsync(query.TenantId, id, cancellationToken) is { } activities
            ? new Result<IReadOnlyList<ActivityResponse>>(activities)
            : RunErrors.NotFound(query.RunId);
}
