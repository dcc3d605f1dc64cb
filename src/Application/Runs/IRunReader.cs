using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>Reads runs as responses, never as aggregates.</summary>
public interface IRunReader
{
    /// <summary>The run, or null when this tenant has none of that id.</summary>
    Task<RunResponse?> FindAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);

    /// <summary>Whether this tenant has a run of that id.</summary>
    Task<bool> ExistsAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);

    /// <summary>The tenant's runs by <c>startDateTime</c> and id, both descending.</summary>
    /// <param name="tenantId">Whose runs.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="after">Only runs that come after this place; null: from the newest.</param>
    /// <param name="cancellationToken">Stops the query in the database.</param>
    Task<IReadOnlyList<RunListItem>> NewestAsync(TenantId tenantId, int count, RunPosition? after, CancellationToken cancellationToken);

    /// <summary>The activities of a run in the order in which they were added; null when this tenant has no such run.</summary>
    Task<IReadOnlyList<ActivityResponse>?> ActivitiesAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);
}
