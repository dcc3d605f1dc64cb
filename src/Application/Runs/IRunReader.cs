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

    /// <summary>
    /// Streams runs of a tenant. A reader that stops ends the query, and no more runs are read from the database.
    /// </summary>
    /// <param name="spec">Selects the runs, their order and their columns.</param>
    /// <param name="time">The time used by the request's other queries; null if there are none.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    IAsyncEnumerable<RunListItem> ListAsync(RunListSpec spec, QueryTime? time, CancellationToken cancellationToken);

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

    /// <summary>Counts runs by start time and status, in the order of the buckets.</summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="criteria">The criteria that select the runs.</param>
    /// <param name="span">The span of the start time. The first bucket begins with it.</param>
    /// <param name="bucket">The length of a bucket.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<IReadOnlyList<RunCountOfTime>> CountByTimeAsync(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        TimeSpan bucket,
        CancellationToken cancellationToken
    );

    /// <summary>Reads the durations and totals of ended runs by start time, in the order of the buckets.</summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="criteria">The criteria that select the runs.</param>
    /// <param name="span">The span of the start time. The first bucket begins with it.</param>
    /// <param name="bucket">The length of a bucket.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<IReadOnlyList<RunMeasuresOfTime>> MeasureByTimeAsync(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        TimeSpan bucket,
        CancellationToken cancellationToken
    );

    /// <summary>Counts failed runs by the codes of their blocking errors, the most frequent first.</summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="criteria">The criteria that select the runs.</param>
    /// <param name="span">The span of the start time.</param>
    /// <param name="maxRuns">The maximum number of failed runs that are read, the newest ones.</param>
    /// <param name="maxCodes">The maximum number of codes.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<FailuresByCode> CountFailuresAsync(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        int maxRuns,
        int maxCodes,
        CancellationToken cancellationToken
    );

    /// <summary>Counts failed runs by start time and the codes of their blocking errors.</summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="criteria">The criteria that select the runs.</param>
    /// <param name="span">The span of the start time. The first bucket begins with it.</param>
    /// <param name="bucket">The length of a bucket.</param>
    /// <param name="maxRuns">The maximum number of failed runs that are read, the newest ones.</param>
    /// <param name="maxCodes">The maximum number of codes, the most frequent ones.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<FailuresByTime> CountFailuresByTimeAsync(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        TimeSpan bucket,
        int maxRuns,
        int maxCodes,
        CancellationToken cancellationToken
    );

    /// <summary>Lists the newest runs of a tenant, the newest first.</summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="limit">The maximum number of runs.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<IReadOnlyList<FamilyRun>> ListNewestAsync(TenantId tenantId, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Lists the runs before or after a run whose display names begin with a text, the closest first.
    /// </summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="prefix">The text.</param>
    /// <param name="run">The position of the run.</param>
    /// <param name="isForward">
    /// True to list the runs that started later; false to list the run itself and those that started earlier.
    /// </param>
    /// <param name="maxScanned">The maximum number of runs of all names that are searched.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<IReadOnlyList<FamilyRun>> ListNeighborsAsync(
        TenantId tenantId,
        string prefix,
        RunPosition run,
        bool isForward,
        int maxScanned,
        CancellationToken cancellationToken
    );

    /// <summary>Lists the runs that were open in a span, the newest first.</summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="span">The span.</param>
    /// <param name="now">The time until which a run that is running was open.</param>
    /// <param name="earliestStart">The earliest start time of the runs that are searched.</param>
    /// <param name="limit">The maximum number of runs.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<IReadOnlyList<FamilyRun>> ListOpenAsync(
        TenantId tenantId,
        StartSpan span,
        DateTimeOffset now,
        DateTimeOffset earliestStart,
        int limit,
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

    /// <summary>Counts the changes of a scan by their numbers, in no particular order.</summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="scan">The scan, with its progress.</param>
    /// <param name="limit">
    /// The number of changes, and also of deletions, after which the count ends. Those with the lowest numbers count.
    /// </param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<IReadOnlyList<ChangeCount>> CountChangesAsync(
        TenantId tenantId,
        DeltaScan scan,
        int limit,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Streams the changes of a scan in the order in which they were made. A reader that stops ends the query.
    /// </summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="criteria">The criteria that select the runs.</param>
    /// <param name="scan">The scan, with its progress.</param>
    /// <param name="limit">The maximum number of changes.</param>
    /// <param name="columns">The large columns to read.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    IAsyncEnumerable<RunChange> ReadChangesAsync(
        TenantId tenantId,
        RunCriteria criteria,
        DeltaScan scan,
        int limit,
        RunColumns columns,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Streams the activities of a run in the order in which they were added; none if the tenant has no such run. A
    /// reader that stops ends the query.
    /// </summary>
    /// <param name="tenantId">The tenant that owns the run.</param>
    /// <param name="id">The id of the run.</param>
    /// <param name="limit">The maximum number of activities.</param>
    /// <param name="after">The activity before the first one; null to start at the first activity of the run.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    IAsyncEnumerable<ActivityResponse> ListActivitiesAsync(
        TenantId tenantId,
        RunId id,
        int limit,
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
