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
    /// <param name="query">What to read.</param>
    /// <param name="time">What the request's other queries have taken; null: there are no others.</param>
    /// <param name="cancellationToken">Gives up.</param>
    IAsyncEnumerable<RunListItem> ListAsync(ListRunsQuery query, QueryTime? time, CancellationToken cancellationToken);

    /// <summary>How many runs of the tenant the criteria select.</summary>
    /// <param name="tenantId">Whose runs.</param>
    /// <param name="criteria">Which of them.</param>
    /// <param name="time">What the request's other queries have taken; null: there are no others.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<long> CountAsync(TenantId tenantId, RunCriteria criteria, QueryTime? time, CancellationToken cancellationToken);

    /// <summary>The inbound totals of the selected runs added up; null when there are none.</summary>
    Task<RunTotalsRow?> SumAsync(TenantId tenantId, RunCriteria criteria, CancellationToken cancellationToken);

    /// <summary>How the numbers of a tenant's changes stand, and whether those of a place still mean something.</summary>
    Task<ChangeHorizon> ReadChangeHorizonAsync(TenantId tenantId, DeltaCursor? place, CancellationToken cancellationToken);

    /// <summary>The next changes of a walk, as many as the query's page has, or fewer when those are many megabytes.</summary>
    /// <returns>The changes, and whether there were more than the reader had room for.</returns>
    Task<(IReadOnlyList<RunChange> Found, bool IsFull)> ReadChangesAsync(GetRunDeltaQuery query, DeltaScan walk, CancellationToken cancellationToken);

    /// <summary>A page of the activities of a run in the order in which they were added; null when this tenant has no such run.</summary>
    /// <param name="tenantId">Whose run it is.</param>
    /// <param name="id">Which run.</param>
    /// <param name="pageSize">At most so many activities; fewer when those are many megabytes.</param>
    /// <param name="after">The last activity of the page before; null for the first page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ActivityPage?> ListActivitiesAsync(TenantId tenantId, RunId id, int pageSize, ActivityId? after, CancellationToken cancellationToken);

    /// <summary>How many activities a run has; null when this tenant has no such run.</summary>
    Task<long?> CountActivitiesAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);

    /// <summary>One activity of a run; null when there is none.</summary>
    Task<ActivityResponse?> FindActivityAsync(TenantId tenantId, RunId id, ActivityId activityId, CancellationToken cancellationToken);

    /// <summary>
    /// The activities of several runs, each run's in the order in which they were added, run by run as they come from the database. Of a run with
    /// many megabytes of them a part; then there is nothing more behind it.
    /// </summary>
    /// <param name="tenantId">Whose runs.</param>
    /// <param name="ids">Which of them.</param>
    /// <param name="time">What the request's other queries have taken; null: there are no others.</param>
    /// <param name="cancellationToken">Gives up.</param>
    IAsyncEnumerable<ActivityPage> ListActivitiesAsync(TenantId tenantId, IReadOnlyList<Guid> ids, QueryTime? time, CancellationToken cancellationToken);
}
