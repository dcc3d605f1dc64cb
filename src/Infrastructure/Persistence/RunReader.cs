using System.Numerics;
using System.Runtime.CompilerServices;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Standbys;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Reads runs with SQL directly into responses. Every statement specifies the tenant. This file reads runs; the other
/// files of the class read their changes and their activities.
/// </summary>
/// <param name="sessions">The sessions of reads.</param>
/// <param name="lookups">The lookups by id on the primary.</param>
/// <param name="windows">The partitions that lists need not read.</param>
/// <param name="standbys">Chooses the standbys that answer reads.</param>
/// <param name="options">The servers of the database.</param>
/// <param name="owner">The connections of the role that may record an epoch.</param>
internal sealed partial class RunReader(
    ReadSessions sessions,
    RunLookups lookups,
    ListWindows windows,
    StandbyServers standbys,
    DatabaseOptions options,
    [FromKeyedServices(DataSources.Maintenance)] NpgsqlDataSource owner
) : IRunReader
{
    public Task<RunResponse?> FindAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken) =>
        standbys.All.Count == 0
            ? lookups.FindAsync(tenantId, id, cancellationToken)
            : FindOnStandbyAsync(tenantId, id, cancellationToken);

    public async Task<bool> ExistsAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        await using var session = await sessions.OpenKeyedAsync(tenantId, cancellationToken);
        await session.ExecuteAsync(
            OfRun("SELECT 1 FROM runs WHERE tenant_id = $1 AND id = $2", tenantId, id),
            maxRows: 1
        );
        return await session.ReadAsync();
    }

    /// <summary>
    /// Returns a run from a standby, or from the primary if the standby does not have it. It may be newer than what the
    /// standby has replayed.
    /// </summary>
    private async Task<RunResponse?> FindOnStandbyAsync(
        TenantId tenantId,
        RunId id,
        CancellationToken cancellationToken
    )
    {
        if (await standbys.ChooseAsync() is { } standby)
        {
            try
            {
                if (await standby.FindAsync(tenantId, id, cancellationToken) is { } found)
                {
                    return found;
                }
            }
            catch (NpgsqlException exception) when (standby.NoteFailure(exception))
            {
                RequestPosition.Current?.NoteStandbyFailure(hasStarted: false);
            }
        }

        return await lookups.FindAsync(tenantId, id, cancellationToken);
    }

    public async IAsyncEnumerable<RunListItem> ListAsync(
        RunListSpec spec,
        QueryTime? time,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var session = RunQueryPlan.CanUseGenericPlan(spec)
            ? await sessions.OpenIndexedAsync(spec.TenantId, time, cancellationToken)
            : await sessions.OpenAsync(spec.TenantId, time, cancellationToken);
        var portions = RunQueryPlan.PortionsOf(spec);
        if (portions.Next < spec.Limit)
        {
            session.BeginSnapshot();
        }

        for (var (skip, after) = (spec.Skip, spec.After); portions.Next > 0; )
        {
            RunListItem? last = null;
            var (read, level, place) = (0, (int?)windows.FirstLevel(spec), after);
            while (level is { } current)
            {
                var (window, found) = (windows.Choose(spec, place, current), 0);
                await session.ExecuteAsync(ListCommand(spec, portions.Next, skip, place, window), portions.Next);
                while (found < portions.Next && await session.ReadAsync())
                {
                    found++;
                    if (read == portions.Next)
                    {
                        // A further window has the limit of the first, so that it is the same prepared statement.
                        continue;
                    }

                    (last, read) = (
                        spec.Columns.Statistics
                            ? RunTable.ReadRun(session.Row) with
                            {
                                Statistics = session.Row.GetString(RunTable.NextColumn),
                            }
                            : RunTable.ReadRun(session.Row),
                        read + 1
                    );
                    portions.Add(RunTable.Chars(last));
                    if (read == portions.Next)
                    {
                        // The reader of the list may need no further row, and does not return here then.
                        windows.Keep(spec, after, current, last);
                    }

                    yield return last;
                }

                level = read == portions.Next ? null : windows.NextLevel(window, current, found);
                place = last is not null && level is not null ? KeysetCursor.FromRun(last, spec.Order) : place;
                if (level is null && read < portions.Next)
                {
                    windows.Keep(spec, after, current, last: null);
                }
            }

            portions.Advance(read);
            (skip, after) = portions.Next > 0 ? (0, KeysetCursor.FromRun(last!, spec.Order)) : (skip, after);
        }
    }

    public async Task<long> CountAsync(
        TenantId tenantId,
        RunCriteria criteria,
        QueryTime? time,
        CancellationToken cancellationToken
    )
    {
        var sql = new RunSql();
        var where = sql.TenantPredicate(tenantId.Value, criteria);

        // The table run_counts already has the counts by status, in a column of the same name.
        var isCounted = RunQueryPlan.FiltersOnlyByStatus(criteria);
        await using var session = isCounted
            ? await sessions.OpenIndexedAsync(tenantId, time, cancellationToken)
            : await sessions.OpenAsync(tenantId, time, cancellationToken);
        await session.ExecuteAsync(
            sql.Command(
                isCounted
                    ? $"SELECT coalesce(sum(count), 0)::bigint FROM run_counts WHERE {where}"
                    : $"SELECT count(*) FROM runs WHERE {where}"
            ),
            maxRows: 1
        );
        return await session.ReadAsync() ? session.Row.GetInt64(0) : 0;
    }

    public async Task<RunTotalsRow?> SumAsync(
        TenantId tenantId,
        RunCriteria criteria,
        CancellationToken cancellationToken
    )
    {
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        CountedSpan? counted = null;
        var span = SpanOf(criteria);
        if (span is { } bounds)
        {
            session.BeginSnapshot();
            counted = await CountedSpan.ReadAsync(session, tenantId, bounds);
        }

        await session.ExecuteAsync(
            counted is null ? SumOfRuns(tenantId, criteria) : SumOfHours(counted, tenantId, span!.Value),
            maxRows: 1
        );
        if (!await session.ReadAsync())
        {
            return null;
        }

        var row = session.Row;
        return new RunTotalsRow(
            row.GetGuid(0),
            RunStatus.FromNumber(row.GetInt16(1)).Name,
            RunTable
                .Totals.Select((total, i) => (total, i))
                .ToDictionary(
                    t => t.total,
                    t => row.IsDBNull(t.i + 2) ? (BigInteger?)null : row.GetFieldValue<BigInteger>(t.i + 2)
                )
        );
    }

    private static NpgsqlBatchCommand SumOfRuns(TenantId tenantId, RunCriteria criteria)
    {
        var sql = new RunSql();
        var where = sql.TenantPredicate(tenantId.Value, criteria);
        return sql.Command(
            $"""
            SELECT newest.id, newest.status, sums.*
            FROM (
                    SELECT id, status FROM runs WHERE {where}
                    ORDER BY {RunSql.OrderBy(RunOrderKey.NewestFirst)} LIMIT 1) AS newest,
                (
                    SELECT {string.Join(", ", RunTable.Totals.Select(t => $"sum({RunTable.Of(t).Expression})"))}
                    FROM runs WHERE {where}) AS sums
            """
        );
    }

    private static NpgsqlBatchCommand ListCommand(
        RunListSpec spec,
        int limit,
        long skip,
        KeysetCursor? place,
        ListWindow? window
    )
    {
        var sql = new RunSql();
        var where = sql.TenantPredicate(spec.TenantId.Value, spec.Criteria);
        var after = place is not null ? $" AND {sql.KeysetPredicate(spec.Order, place)}" : "";
        if (window is not null)
        {
            after += $" AND {sql.WindowPredicate(window, spec.Order[0].IsDescending)}";
        }

        var columns =
            RunTable.ListedColumns(spec.Columns.BlockingError) + (spec.Columns.Statistics ? ", statistics" : "");

        // The limit is a literal, not a parameter. Only then does PostgreSQL find that a generic plan is as good as a
        // custom plan, and keep it. Planning each request again takes longer than reading.
        return sql.Command(
            $"SELECT {columns} FROM runs WHERE {where}{after} ORDER BY {RunSql.OrderBy(spec.Order)} "
                + $"LIMIT {limit}{(skip > 0 ? $" OFFSET {sql.Parameter(skip)}" : "")}"
        );
    }

    /// <summary>Creates a query whose first parameters are the tenant and the id of a run.</summary>
    public static NpgsqlBatchCommand OfRun(string text, TenantId tenantId, RunId id) =>
        new(text)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = tenantId.Value },
                new NpgsqlParameter<Guid> { TypedValue = id.Value },
            },
        };
}
