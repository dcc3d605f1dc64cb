using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Reads the neighbors of a run in its family, in the order of start times. They are searched among the 5,000 runs
/// before it and the 5,000 runs after it; a neighbor that is further away is not found.
/// </summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The run's id.</param>
public sealed record GetRunNeighborsQuery(TenantId TenantId, RunId Id) : IQuery<Result<RunNeighbors>>
{
    /// <summary>The maximum number of runs that end with the run itself.</summary>
    public const int MaxRuns = 20;

    /// <summary>The number of runs that are searched in each direction.</summary>
    public const int MaxScanned = 5000;
}

/// <summary>The neighbors of a run in its family.</summary>
/// <param name="Family">The family.</param>
/// <param name="Previous">The run of the family that started before it; null if none is found.</param>
/// <param name="Next">The run of the family that started after it; null if none is found.</param>
/// <param name="Last">The runs of the family up to the run itself, which is the first one.</param>
public sealed record RunNeighbors(string Family, FamilyRun? Previous, FamilyRun? Next, IReadOnlyList<FamilyRun> Last);

internal sealed class GetRunNeighborsHandler(IRunReader runs)
    : IQueryHandler<GetRunNeighborsQuery, Result<RunNeighbors>>
{
    public async ValueTask<Result<RunNeighbors>> Handle(GetRunNeighborsQuery query, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(query.TenantId, query.Id, cancellationToken) is not { } run)
        {
            return RunErrors.NotFound;
        }

        var family = RunFamily.Of(run.DisplayName);
        var earlier = await OfFamilyAsync(isForward: false);
        var later = await OfFamilyAsync(isForward: true);
        return new RunNeighbors(
            family,
            earlier.FirstOrDefault(r => r.Id != run.Id),
            later is [var next, ..] ? next : null,
            [.. earlier.Take(GetRunNeighborsQuery.MaxRuns)]
        );

        // A family is a prefix of its names, but other names may have the same prefix.
        async Task<IReadOnlyList<FamilyRun>> OfFamilyAsync(bool isForward) =>
            [
                .. (
                    await runs.ListNeighborsAsync(
                        query.TenantId,
                        family,
                        new RunPosition(run.StartDateTime, run.Id),
                        isForward,
                        GetRunNeighborsQuery.MaxScanned,
                        cancellationToken
                    )
                ).Where(r => r.Family == family),
            ];
    }
}
