using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Reads the neighbours of a run in its family, in the order of start times. They are searched among the 5,000 runs
/// before it and the 5,000 runs after it; a neighbour that is further away is not found.
/// </summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The run's id.</param>
public sealed record GetRunNeighboursQuery(TenantId TenantId, RunId Id) : IQuery<Result<RunNeighbours>>
{
    /// <summary>The maximum number of runs that end with the run itself.</summary>
    public const int MaxRuns = 20;

    /// <summary>The number of runs that are searched in each direction.</summary>
    public const int MaxScanned = 5000;
}

/// <summary>The neighbours of a run in its family.</summary>
/// <param name="Family">The family.</param>
/// <param name="Previous">The run of the family that started before it; null if none is found.</param>
/// <param name="Next">The run of the family that started after it; null if none is found.</param>
/// <param name="Last">The runs of the family up to the run itself, which is the first one.</param>
public sealed record RunNeighbours(string Family, FamilyRun? Previous, FamilyRun? Next, IReadOnlyList<FamilyRun> Last);

internal sealed class GetRunNeighboursHandler(IRunReader runs)
    : IQueryHandler<GetRunNeighboursQuery, Result<RunNeighbours>>
{
    public async ValueTask<Result<RunNeighbours>> Handle(
        GetRunNeighboursQuery query,
        CancellationToken cancellationToken
    )
    {
        if (await runs.FindAsync(query.TenantId, query.Id, cancellationToken) is not { } run)
        {
            return RunErrors.NotFound;
        }

        var family = RunFamily.Of(run.DisplayName);
        var earlier = await OfFamilyAsync(isForward: false);
        var later = await OfFamilyAsync(isForward: true);
        return new RunNeighbours(
            family,
            earlier.FirstOrDefault(r => r.Id != run.Id),
            later is [var next, ..] ? next : null,
            [.. earlier.Take(GetRunNeighboursQuery.MaxRuns)]
        );

        // A family is a prefix of its names, but other names may have the same prefix.
        async Task<IReadOnlyList<FamilyRun>> OfFamilyAsync(bool isForward) =>
            [
                .. (
                    await runs.ListNeighboursAsync(
                        query.TenantId,
                        family,
                        new RunPosition(run.StartDateTime, run.Id),
                        isForward,
                        GetRunNeighboursQuery.MaxScanned,
                        cancellationToken
                    )
                ).Where(r => r.Family == family),
            ];
    }
}
