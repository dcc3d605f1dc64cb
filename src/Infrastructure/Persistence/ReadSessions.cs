using System.Threading.RateLimiting;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Standbys;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Opens the sessions of reads, on a standby if one may answer and else on the primary. Thread-safe.</summary>
/// <param name="database">The pool for arbitrary queries.</param>
/// <param name="indexed">The pool for statements that one index range answers.</param>
/// <param name="lookups">The pool for lookups of runs by id.</param>
/// <param name="unfiltered">The pool whose sessions are not subject to row-level security.</param>
/// <param name="limit">The time limit for the queries of a request.</param>
/// <param name="availability">Signals that the database has stopped answering.</param>
/// <param name="slowReads">Limits the concurrent arbitrary queries of each tenant.</param>
/// <param name="cancels">Sends cancel requests.</param>
/// <param name="standbys">Chooses the standbys that answer reads.</param>
/// <param name="options">The servers of the database.</param>
internal sealed class ReadSessions(
    NpgsqlDataSource database,
    [FromKeyedServices(DataSources.Indexed)] NpgsqlDataSource indexed,
    [FromKeyedServices(DataSources.Lookups)] NpgsqlDataSource lookups,
    [FromKeyedServices(DataSources.Health)] NpgsqlDataSource unfiltered,
    ReadTimeoutOptions limit,
    DatabaseAvailability availability,
    SlowReads slowReads,
    CancelRequests cancels,
    StandbyServers standbys,
    DatabaseOptions options
)
{
    /// <summary>
    /// Opens a session on the primary for a statement that finds a row by its key. The command timeout is 15 seconds.
    /// </summary>
    public ValueTask<ReadSession> OpenKeyedAsync(TenantId tenantId, CancellationToken cancellationToken) =>
        OpenOnPrimaryAsync(indexed, tenantId, time: null, limit: null, cancellationToken);

    /// <summary>
    /// Opens a session on the primary that sees the runs of all tenants, to find runs by their ids. The command timeout
    /// is 15 seconds.
    /// </summary>
    public ValueTask<ReadSession> OpenLookupAsync(CancellationToken cancellationToken) =>
        OpenOnPrimaryAsync(lookups, tenantId: null, time: null, limit: null, cancellationToken);

    /// <summary>
    /// Opens a session for a statement that reads what concerns all tenants. The command timeout is 15 seconds.
    /// </summary>
    public ValueTask<ReadSession> OpenForAllTenantsAsync(CancellationToken cancellationToken) =>
        OpenOnPrimaryAsync(unfiltered, tenantId: null, time: null, limit: null, cancellationToken);

    /// <summary>
    /// Opens a session for statements that one index range answers, with the same plan for all values (ADR 11).
    /// </summary>
    /// <param name="tenantId">The tenant whose rows the queries see.</param>
    /// <param name="time">The time used by the request's other queries; null if there are none.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    /// <param name="onPrimary">True if no standby may answer.</param>
    public ValueTask<ReadSession> OpenIndexedAsync(
        TenantId tenantId,
        QueryTime? time,
        CancellationToken cancellationToken,
        bool onPrimary = false
    ) =>
        onPrimary || standbys.All.Count == 0
            ? OpenOnPrimaryAsync(indexed, tenantId, time, limit.Timeout, cancellationToken)
            : OpenIndexedOnStandbyAsync(tenantId, time, cancellationToken);

    /// <summary>
    /// Opens a session for arbitrary queries. A tenant may have only a few of these sessions at the same time.
    /// </summary>
    /// <inheritdoc cref="OpenIndexedAsync" />
    /// <exception cref="LimitExceededException">The tenant has too many of them.</exception>
    public async ValueTask<ReadSession> OpenAsync(
        TenantId tenantId,
        QueryTime? time,
        CancellationToken cancellationToken,
        bool onPrimary = false
    )
    {
        if (!onPrimary && await standbys.ChooseAsync() is { } standby)
        {
            // The session keeps its lease if the primary has to answer.
            var session = await TryOpenAsync(
                standby,
                standby.General,
                tenantId,
                await slowReads.AcquireAsync(tenantId, standby.Lost, cancellationToken),
                time,
                () => OpenOnPrimaryAsync(database, tenantId, time: null, limit.Timeout, cancellationToken),
                cancellationToken
            );
            if (session is not null)
            {
                return session;
            }
        }

        var lost = availability.Lost;
        var lease = await slowReads.AcquireAsync(tenantId, lost, cancellationToken);
        return await ReadSession.OpenAsync(
            database,
            SecuredBy(tenantId),
            lease,
            cancels,
            limit.Timeout,
            time,
            lost,
            cancellationToken
        );
    }

    private async ValueTask<ReadSession> OpenIndexedOnStandbyAsync(
        TenantId tenantId,
        QueryTime? time,
        CancellationToken cancellationToken
    ) =>
        await standbys.ChooseAsync() is { } standby
        && await TryOpenAsync(
            standby,
            standby.Indexed,
            tenantId,
            lease: null,
            time,
            () => OpenOnPrimaryAsync(indexed, tenantId, time: null, limit.Timeout, cancellationToken),
            cancellationToken
        )
            is { } session
            ? session
            : await OpenOnPrimaryAsync(indexed, tenantId, time, limit.Timeout, cancellationToken);

    /// <summary>Opens a session on a standby.</summary>
    /// <returns>The session; null if the standby accepts no connection.</returns>
    private async ValueTask<ReadSession?> TryOpenAsync(
        Standby standby,
        NpgsqlDataSource pool,
        TenantId tenantId,
        RateLimitLease? lease,
        QueryTime? time,
        Func<ValueTask<ReadSession>> openOnPrimary,
        CancellationToken cancellationToken
    )
    {
        var read = new StandbyRead(standby, openOnPrimary);
        try
        {
            return await ReadSession.OpenAsync(
                pool,
                tenantId,
                lease,
                cancels,
                limit.Timeout,
                time,
                standby.Lost,
                cancellationToken,
                read
            );
        }
        catch (NpgsqlException exception) when (read.NoteFailure(exception, hasStarted: false))
        {
            return null;
        }
    }

    private ValueTask<ReadSession> OpenOnPrimaryAsync(
        NpgsqlDataSource pool,
        TenantId? tenantId,
        QueryTime? time,
        TimeSpan? limit,
        CancellationToken cancellationToken
    ) =>
        ReadSession.OpenAsync(
            pool,
            SecuredBy(tenantId),
            lease: null,
            cancels,
            limit,
            time,
            availability.Lost,
            cancellationToken
        );

    // Distributed tables have no row-level security.
    private TenantId? SecuredBy(TenantId? tenantId) => options.Distributed ? null : tenantId;
}
