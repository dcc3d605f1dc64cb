using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>Reads runs as responses, never as aggregates.</summary>
public interface IRunReader
{
    /// <summary>The run, or null when this tenant has none of that id.</summary>
    Task<RunResponse?> FindAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);

    /// <summary>Whether this tenant has a run of that id.</summary>
    Task<bool> ExistsAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);

    /// <summary>The tenant's runs that the query selects, as many as its page has, one by one as they come from the database.</summary>
    IAsyncEnumerable<RunListItem> ListAsync(ListRunsQuery query, CancellationToken cancellationToken);

    /// <summary>How many runs of the tenant the criteria select.</summary>
    Task<long> CountAsync(TenantId tenantId, RunCriteria criteria, CancellationToken cancellationToken);

    /// <summary>The inbound totals of the selected runs added up; null when there are none.</summary>
    Task<RunSums?> SumAsync(TenantId tenantId, RunCriteria criteria, CancellationToken cancellationToken);

    /// <summary>How the numbers of a tenant's changes stand, and whether those of a place still mean something.</summary>
    Task<ChangeClock> ReadChangeClockAsync(TenantId tenantId, ChangePlace? place, CancellationToken cancellationToken);

    /// <summary>The next changes of a walk, as many as the query's page has, or fewer when those are many megabytes.</summary>
    /// <returns>The changes, and whether there were more than the reader had room for.</returns>
    Task<(IReadOnlyList<RunChange> Found, bool IsFull)> ReadChangesAsync(ReadRunChangesQuery query, ChangeWalk walk, CancellationToken cancellationToken);

    /// <summary>The activities of a run in the order in which they were added; null when this tenant has no such run.</summary>
    Task<IReadOnlyList<ActivityResponse>?> ActivitiesAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);

    /// <summary>How many activities a run has; null when this tenant has no such run.</summary>
    Task<long?> CountActivitiesAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);

    /// <summary>One activity of a run; null when there is none.</summary>
    Task<ActivityResponse?> FindActivityAsync(TenantId tenantId, RunId id, ActivityId activityId, CancellationToken cancellationToken);

    /// <summary>The activities of several runs, each run's in the order in which they were added; runs without any are left out.</summary>
    /// <returns>The activities, and the id of the first run whose activities were not read because those before were many megabytes; null when all were.</returns>
    Task<(IReadOnlyDictionary<Guid, IReadOnlyList<ActivityResponse>> Activities, Guid? LeftOut)> ActivitiesAsync(
        TenantId tenantId, IReadOnlyList<Guid> ids, CancellationToken cancellationToken);
}
