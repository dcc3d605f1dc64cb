using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Opens the sessions of reads. Thread-safe.</summary>
/// <param name="database">The pool for arbitrary queries.</param>
/// <param name="indexed">The pool for statements that one index range answers.</param>
/// <param name="lookups">The pool for lookups of runs by id.</param>
/// <param name="unfiltered">The pool whose sessions are not subject to row-level security.</param>
/// <param name="limit">The time limit for the queries of a request.</param>
/// <param name="availability">Signals that the database has stopped answering.</param>
/// <param name="slowReads">Limits the concurrent arbitrary queries of each tenant.</param>
/// <param name="cancels">Sends cancel requests.</param>
internal sealed class ReadSessions(
    NpgsqlDataSource database,
    [FromKeyedServices(DataSources.Indexed)] NpgsqlDataSource indexed,
    [FromKeyedServices(DataSources.Lookups)] NpgsqlDataSource lookups,
    [FromKeyedServices(DataSources.Health)] NpgsqlDataSource unfiltered,
    ReadTimeoutOptions limit,
    DatabaseAvailability availability,
    SlowReads slowReads,
    CancelRequests cancels
)
{
    /// <summary>
    /// Opens a session for a statement that finds a row by its key. The command timeout is 15 seconds.
    /// </summary>
    public ValueTask<ReadSession> OpenKeyedAsync(TenantId tenantId, CancellationToken cancellationToken) =>
        OpenAsync(indexed, tenantId, time: null, limit: null, cancellationToken);

    /// <summary>
    /// Opens a session that sees the runs of all tenants, to find runs by their ids. The command timeout is 15 seconds.
    /// </summary>
    public ValueTask<ReadSession> OpenLookupAsync(CancellationToken cancellationToken) =>
        OpenAsync(lookups, tenantId: null, time: null, limit: null, cancellationToken);

    /// <summary>
    /// Opens a session for a statement that reads what concerns all tenants. The command timeout is 15 seconds.
    /// </summary>
    public ValueTask<ReadSession> OpenForAllTenantsAsync(CancellationToken cancellationToken) =>
        OpenAsync(unfiltered, tenantId: null, time: null, limit: null, cancellationToken);

    /// <summary>
    /// Opens a session for statements that one index range answers, with the same plan for all values (ADR 11).
    /// </summary>
    public ValueTask<ReadSession> OpenIndexedAsync(
        TenantId tenantId,
        QueryTime? time,
        CancellationToken cancellationToken
    ) => OpenAsync(indexed, tenantId, time, limit.Timeout, cancellationToken);

    /// <summary>
    /// Opens a session for arbitrary queries. A tenant may have only a few of these sessions at the same time.
    /// </summary>
    /// <exception cref="LimitExceededException">The tenant has too many of them.</exception>
    public async ValueTask<ReadSession> OpenAsync(
        TenantId tenantId,
        QueryTime? time,
        CancellationToken cancellationToken
    )
    {
        var lost = availability.Lost;
        var lease = await slowReads.AcquireAsync(tenantId, lost, cancellationToken);
        return await ReadSession.OpenAsync(
            database,
            tenantId,
            lease,
            cancels,
            limit.Timeout,
            time,
            lost,
            cancellationToken
        );
    }

    private ValueTask<ReadSession> OpenAsync(
        NpgsqlDataSource pool,
        TenantId? tenantId,
        QueryTime? time,
        TimeSpan? limit,
        CancellationToken cancellationToken
    ) => ReadSession.OpenAsync(pool, tenantId, lease: null, cancels, limit, time, availability.Lost, cancellationToken);
}
