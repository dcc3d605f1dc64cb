using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>Reads runs as response models, not as aggregates.</summary>
public interface IRunReader
{
    /// <summary>Returns the run with this id, or null if the tenant has no such run.</summary>
    Task<RunResponse?> FindAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);

    /// <summary>Checks for a run.</summary>
    /// <returns>True if the tenant has a run with this id.</returns>
    Task<bool> ExistsAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);

    /// <summary>Returns one page of the tenant's runs that the query selects. The runs are streamed.</summary>
    /// <param name="query">The query.</param>
    /// <param name="time">The time used by the request's other queries; null if there are none.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    IAsyncEnumerable<RunListItem> ListAsync(ListRunsQuery query, QueryTime? time, CancellationToken cancellationToken);

    /// <summary>Counts the runs of the tenant that the criteria select.</summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="criteria">The criteria that select the runs.</param>
    /// <param name="time">The time used by the request's other queries; null if there are none.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<long> CountAsync(
        TenantId tenantId,
        RunCriteria criteria,
        QueryTime? time,
        CancellationToken cancellationToken
    );

    /// <summary>Returns the sums of the inbound totals of the selected runs; null if no run is selected.</summary>
    Task<RunTotalsRow?> SumAsync(TenantId tenantId, RunCriteria criteria, CancellationToken cancellationToken);

    /// <summary>Returns the current change numbers of a tenant and checks the validity of a cursor.</summary>
    Task<ChangeHorizon> ReadChangeHorizonAsync(
        TenantId tenantId,
        DeltaCursor? place,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Returns the next page of changes of a scan. The page has fewer changes if they would occupy many megabytes.
    /// </summary>
    /// <returns>The changes, and true if the size limit ended the page.</returns>
    Task<(IReadOnlyList<RunChange> Found, bool IsFull)> ReadChangesAsync(
        GetRunDeltaQuery query,
        DeltaScan walk,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Returns a page of the activities of a run in the order in which they were added; null if the tenant has no such
    /// run.
    /// </summary>
    /// <param name="tenantId">The tenant that owns the run.</param>
    /// <param name="id">The id of the run.</param>
    /// <param name="pageSize">
    /// The maximum number of activities. The page has fewer activities if they would occupy many megabytes.
    /// </param>
    /// <param name="after">The last activity of the previous page; null for the first page.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<ActivityPage?> ListActivitiesAsync(
        TenantId tenantId,
        RunId id,
        int pageSize,
        ActivityId? after,
        CancellationToken cancellationToken
    );

    /// <summary>Returns the number of activities of a run; null if the tenant has no such run.</summary>
    Task<long?> CountActivitiesAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken);

    /// <summary>Returns one activity of a run; null if it does not exist.</summary>
    Task<ActivityResponse?> FindActivityAsync(
        TenantId tenantId,
        RunId id,
        ActivityId activityId,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Returns the activities of several runs, one page for each run. The pages are streamed. Each page lists the
    /// activities in the order in which they were added. If the activities of a run occupy many megabytes, the page has
    /// only a part of them and is the last one.
    /// </summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="ids">The ids of the runs.</param>
    /// <param name="time">The time used by the request's other queries; null if there are none.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    IAsyncEnumerable<ActivityPage> ListActivitiesAsync(
        TenantId tenantId,
        IReadOnlyList<Guid> ids,
        QueryTime? time,
        CancellationToken cancellationToken
    );
}
