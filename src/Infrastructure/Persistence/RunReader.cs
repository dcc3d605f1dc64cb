using System.Numerics;
using System.Runtime.CompilerServices;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Reads runs with SQL directly into responses. Every statement specifies the tenant.</summary>
internal sealed class RunReader(ReadSessions sessions) : IRunReader
{
    private static readonly RunField[] _totals =
    [
        RunField.Errors,
        RunField.Warnings,
        RunField.Groups,
        RunField.Memberships,
        RunField.Organizations,
        RunField.People,
    ];

    // The number of rows of the first portion. For runs it is a default page, so that a default page is one statement.
    // Each run may have a blocking error of 64 KiB.
    private const int FirstRuns = RunPage.DefaultSize + 1;

    // Each run may also have 64 KiB of statistics.
    private const int FirstRunsWithStatistics = 32;

    // Each activity may have 16 KiB.
    private const int FirstActivities = 128;

    // Each run may have a thousand activities.
    private const int FirstRunsWithActivities = 8;

    // A page with more rows takes a lease of its tenant, like a slow read. Many such pages at once would hold all
    // connections of the indexed pool and the memory of as many pages.
    private const int MaxIndexedPageSize = 2 * RunPage.DefaultSize;
    private const int MaxIndexedActivities = RunPage.DefaultSize;

    private const string ActivityColumns = "id, type, display_name, status, blocking_error, activity";

    private const string ListColumns =
        "id, display_name, start_date_time, end_date_time, status, blocking_error, created_date_time, "
        + "last_modified_date_time, version";

    // The blocking error is not read if it is not returned, because it may be large. NULL keeps the column positions.
    private const string SmallListColumns =
        "id, display_name, start_date_time, end_date_time, status, NULL, created_date_time, "
        + "last_modified_date_time, version";

    public async Task<RunResponse?> FindAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        await using var session = await sessions.OpenKeyedAsync(cancellationToken);
        await session.ExecuteAsync(
            OfRun($"SELECT {ListColumns}, statistics FROM runs WHERE tenant_id = $1 AND id = $2", tenantId, id),
            maxRows: 1
        );
        if (!await session.ReadAsync())
        {
            return null;
        }

        var run = ReadRun(session.Row);
        return new RunResponse(
            run.Id,
            run.DisplayName,
            run.StartDateTime,
            run.EndDateTime,
            run.Status,
            session.Row.GetString(9),
            run.BlockingError,
            run.CreatedDateTime,
            run.LastModifiedDateTime,
            run.Version
        );
    }

    public async Task<bool> ExistsAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        await using var session = await sessions.OpenKeyedAsync(cancellationToken);
        await session.ExecuteAsync(
            OfRun("SELECT 1 FROM runs WHERE tenant_id = $1 AND id = $2", tenantId, id),
            maxRows: 1
        );
        return await session.ReadAsync();
    }

    public async IAsyncEnumerable<RunListItem> ListAsync(
        ListRunsQuery query,
        QueryTime? time,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var session =
            query.CanUseGenericPlan && query.PageSize <= MaxIndexedPageSize
                ? await sessions.OpenIndexedAsync(time, cancellationToken)
                : await sessions.OpenAsync(query.TenantId, time, cancellationToken);

        // If a portion could only be found by sorting, one statement reads the whole page. A reader that has enough
        // rows cancels the rest.
        var portions = new Portions(
            query.PageSize,
            !query.IsInIndexOrder ? query.PageSize
                : query.WithStatistics ? FirstRunsWithStatistics
                : query.WithBlockingError ? FirstRuns
                : query.PageSize
        );
        if (portions.Next < query.PageSize)
        {
            session.BeginSnapshot();
        }

        for (var next = query; portions.Next > 0; )
        {
            next = next with { PageSize = portions.Next };
            var (last, read) = (default(RunListItem), 0);
            await session.ExecuteAsync(Command(next), portions.Next);
            while (await session.ReadAsync())
            {
                (last, read) = (
                    query.WithStatistics
                        ? ReadRun(session.Row) with
                        {
                            Statistics = session.Row.GetString(9),
                        }
                        : ReadRun(session.Row),
                    read + 1
                );
                portions.Add((last.BlockingError?.Length ?? 0) + (last.Statistics?.Length ?? 0));
                yield return last;
                if (read == portions.Next)
                {
                    break;
                }
            }

            portions.Advance(read);
            next = portions.Next > 0 ? next with { Skip = 0, After = KeysetCursor.FromRun(last, query.Order) } : next;
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
        await using var session = criteria.FiltersOnlyByStatus
            ? await sessions.OpenIndexedAsync(time, cancellationToken)
            : await sessions.OpenAsync(tenantId, time, cancellationToken);
        await session.ExecuteAsync(
            sql.Command(
                criteria.FiltersOnlyByStatus
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
        var sql = new RunSql();
        var where = sql.TenantPredicate(tenantId.Value, criteria);
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        await session.ExecuteAsync(
            sql.Command(
                $"""
                SELECT newest.id, newest.status, sums.*
                FROM (
                        SELECT id, status FROM runs WHERE {where}
                        ORDER BY {RunSql.OrderBy(RunOrderKey.NewestFirst)} LIMIT 1) AS newest,
                    (
                        SELECT {string.Join(", ", _totals.Select(t => $"sum({RunSql.TotalColumn(t)})"))}
                        FROM runs WHERE {where}) AS sums
                """
            ),
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
            _totals
                .Select((total, i) => (total, i))
                .ToDictionary(
                    t => t.total,
                    t => row.IsDBNull(t.i + 2) ? (BigInteger?)null : row.GetFieldValue<BigInteger>(t.i + 2)
                )
        );
    }

    public async Task<ChangeHorizon> ReadChangeHorizonAsync(
        TenantId tenantId,
        DeltaCursor? place,
        CancellationToken cancellationToken
    )
    {
        await using var session = await sessions.OpenIndexedAsync(time: null, cancellationToken);
        return await session.RunAsync(connection =>
            DatabaseEpochs.ReadClockAsync(connection, tenantId, place, CancellationToken.None)
        );
    }

    public async Task<(IReadOnlyList<RunChange> Found, bool IsFull)> ReadChangesAsync(
        GetRunDeltaQuery query,
        DeltaScan walk,
        CancellationToken cancellationToken
    )
    {
        // Only the initial scan searches for the runs that match the criteria. Every other scan reports each change of
        // its range, so that an index bounds it.
        await using var session =
            (walk.IsInitialSync && !query.Criteria.MatchesAll) || query.PageSize > MaxIndexedPageSize
                ? await sessions.OpenAsync(query.TenantId, time: null, cancellationToken)
                : await sessions.OpenIndexedAsync(time: null, cancellationToken);
        session.BeginSnapshot();
        var deleted = walk.IsInitialSync ? [] : await ReadDeletedAsync(session, query, walk);
        var (changed, isFull) = await ReadChangedAsync(session, query, walk);
        if (deleted.Count == 0)
        {
            return (changed, isFull);
        }

        // A full page includes no deletion after its last run, because there are runs between the two that were not
        // read.
        var found = changed
            .Concat(deleted)
            .OrderBy(c => c.ChangeNumber)
            .ThenBy(c => c.Id.ToString(), StringComparer.Ordinal)
            .ToList();
        var count = isFull ? Math.Min(query.PageSize, found.IndexOf(changed[^1]) + 1) : query.PageSize;
        return ([.. found.Take(count)], isFull);
    }

    private static async Task<List<RunChange>> ReadDeletedAsync(
        ReadSession session,
        GetRunDeltaQuery query,
        DeltaScan walk
    )
    {
        var (sql, deleted) = (new RunSql(), new List<RunChange>());
        var range = sql.ScanRangePredicate(query.TenantId.Value, walk, "run_id");
        await session.ExecuteAsync(
            sql.Command(
                $"SELECT run_id, change_number FROM run_tombstones WHERE {range} "
                    + $"ORDER BY change_number, run_id LIMIT {query.PageSize}"
            ),
            query.PageSize
        );
        while (deleted.Count < query.PageSize && await session.ReadAsync())
        {
            deleted.Add(new RunChange(session.Row.GetGuid(0), session.Row.GetInt64(1), Run: null, IsDeleted: true));
        }

        return deleted;
    }

    /// <summary>
    /// Reads changed runs: as many as the page has, or fewer if the runs have more characters than a page may have.
    /// </summary>
    private static async Task<(List<RunChange> Changed, bool IsFull)> ReadChangedAsync(
        ReadSession session,
        GetRunDeltaQuery query,
        DeltaScan walk
    )
    {
        var changed = new List<RunChange>();
        var portions = new Portions(
            query.PageSize,
            query.WithStatistics ? FirstRunsWithStatistics
                : query.WithBlockingError ? FirstRuns
                : query.PageSize
        );
        while (portions.Next > 0)
        {
            var (sql, read) = (new RunSql(), 0);
            var selects = sql.FilterPredicate(query.Criteria);
            await session.ExecuteAsync(
                sql.Command(
                    $"""
                    SELECT {Columns(query.WithBlockingError)}, change_number,
                        {(walk.IsInitialSync ? "TRUE" : $"({selects}) IS TRUE")}
                        {(query.WithStatistics ? ", statistics" : "")}
                    FROM runs WHERE {sql.ScanRangePredicate(query.TenantId.Value, walk, "id")}
                        {(walk.IsInitialSync ? $" AND {selects}" : "")}
                    ORDER BY change_number, id LIMIT {portions.Next}
                    """
                ),
                portions.Next
            );
            while (read < portions.Next && await session.ReadAsync())
            {
                var row = session.Row;
                var run = query.WithStatistics ? ReadRun(row) with { Statistics = row.GetString(11) } : ReadRun(row);
                changed.Add(new RunChange(run.Id, row.GetInt64(9), row.GetBoolean(10) ? run : null));
                portions.Add((run.Statistics?.Length ?? 0) + (run.BlockingError?.Length ?? 0));
                read++;
                if (portions.IsFull)
                {
                    break;
                }
            }

            if (portions.IsFull && changed.Count < query.PageSize)
            {
                return (changed, true);
            }

            portions.Advance(read);
            walk =
                changed.Count > 0 ? walk with { ChangeNumber = changed[^1].ChangeNumber, Id = changed[^1].Id } : walk;
        }

        return (changed, false);
    }

    public async Task<ActivityPage?> ListActivitiesAsync(
        TenantId tenantId,
        RunId id,
        int pageSize,
        ActivityId? after,
        CancellationToken cancellationToken
    )
    {
        var page =
            pageSize == 0
                ? new ActivityPage([])
                : await ReadActivitiesAsync(tenantId, id, pageSize, after, cancellationToken);
        return page.Activities.Count > 0 || await ExistsAsync(tenantId, id, cancellationToken) ? page : null;
    }

    public async Task<long?> CountActivitiesAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        long count;

        // This session is closed before the next one opens. Requests that hold one connection and wait for another
        // would block each other.
        await using (var session = await sessions.OpenIndexedAsync(time: null, cancellationToken))
        {
            await session.ExecuteAsync(
                OfRun("SELECT count(*) FROM run_activities WHERE tenant_id = $1 AND run_id = $2", tenantId, id),
                maxRows: 1
            );
            count = await session.ReadAsync() ? session.Row.GetInt64(0) : 0;
        }

        return count > 0 || await ExistsAsync(tenantId, id, cancellationToken) ? count : null;
    }

    public async Task<ActivityResponse?> FindActivityAsync(
        TenantId tenantId,
        RunId id,
        ActivityId activityId,
        CancellationToken cancellationToken
    )
    {
        await using var session = await sessions.OpenKeyedAsync(cancellationToken);
        var command = OfRun(
            $"SELECT {ActivityColumns} FROM run_activities WHERE tenant_id = $1 AND run_id = $2 AND id = $3",
            tenantId,
            id
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = activityId.Value });
        await session.ExecuteAsync(command, maxRows: 1);
        return await session.ReadAsync() ? ReadActivity(session.Row) : null;
    }

    public async IAsyncEnumerable<ActivityPage> ListActivitiesAsync(
        TenantId tenantId,
        IReadOnlyList<Guid> ids,
        QueryTime? time,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var session = await sessions.OpenAsync(tenantId, time, cancellationToken);
        session.BeginSnapshot();
        var portions = new Portions(ids.Count, FirstRunsWithActivities);
        for (var done = 0; portions.Next > 0; )
        {
            // There is one statement for each run. One for all runs might have to sort a hundred thousand activities.
            var batch = new NpgsqlBatch();
            foreach (var id in ids.Skip(done).Take(portions.Next))
            {
                var text =
                    $"SELECT {ActivityColumns} FROM run_activities WHERE tenant_id = $1 AND run_id = $2 ORDER BY id";
                batch.BatchCommands.Add(
                    new NpgsqlBatchCommand(text)
                    {
                        Parameters =
                        {
                            new NpgsqlParameter<Guid> { TypedValue = tenantId.Value },
                            new NpgsqlParameter<Guid> { TypedValue = id },
                        },
                    }
                );
            }

            await session.ExecuteAsync(batch);
            var read = 0;
            do
            {
                var (activities, chars) = (new List<ActivityResponse>(), 0L);
                while (await session.ReadAsync())
                {
                    if (chars > Portions.MaxPageChars)
                    {
                        yield return new ActivityPage(activities, new ActivityId(activities[^1].Id));
                        yield break;
                    }

                    activities.Add(ReadActivity(session.Row));
                    chars += Chars(activities[^1]);
                }

                portions.Add(chars);
                read++;
                yield return new ActivityPage(activities);
            } while (await session.NextResultAsync());

            done += read;
            portions.Advance(read);
        }
    }

    private async Task<ActivityPage> ReadActivitiesAsync(
        TenantId tenantId,
        RunId id,
        int pageSize,
        ActivityId? after,
        CancellationToken cancellationToken
    )
    {
        // One activity more than requested shows whether there is a next page.
        var (activities, portions) = (new List<ActivityResponse>(), new Portions(pageSize + 1, FirstActivities));
        await using var session =
            pageSize > MaxIndexedActivities
                ? await sessions.OpenAsync(tenantId, time: null, cancellationToken)
                : await sessions.OpenIndexedAsync(time: null, cancellationToken);
        if (portions.Next <= pageSize)
        {
            session.BeginSnapshot();
        }

        while (portions.Next > 0)
        {
            var last = activities.Count > 0 ? activities[^1].Id : after?.Value ?? Guid.Empty;
            var command = OfRun(
                $"SELECT {ActivityColumns} FROM run_activities WHERE tenant_id = $1 AND run_id = $2 AND id > $3 "
                    + $"ORDER BY id LIMIT {portions.Next}",
                tenantId,
                id
            );
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = last });
            await session.ExecuteAsync(command, portions.Next);
            var read = 0;
            while (read < portions.Next && await session.ReadAsync())
            {
                if (activities.Count == pageSize || portions.IsFull)
                {
                    return new ActivityPage(activities, new ActivityId(activities[^1].Id));
                }

                activities.Add(ReadActivity(session.Row));
                portions.Add(Chars(activities[^1]));
                read++;
            }

            portions.Advance(read);
        }

        return new ActivityPage(activities);
    }

    private static long Chars(ActivityResponse activity) =>
        (activity.BlockingError?.Length ?? 0) + (activity.Activity?.Length ?? 0);

    private static NpgsqlCommand OfRun(string text, TenantId tenantId, RunId id) =>
        new(text)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = tenantId.Value },
                new NpgsqlParameter<Guid> { TypedValue = id.Value },
            },
        };

    private static string Columns(bool withBlockingError) => withBlockingError ? ListColumns : SmallListColumns;

    private static NpgsqlCommand Command(ListRunsQuery query)
    {
        var sql = new RunSql();
        var where = sql.TenantPredicate(query.TenantId.Value, query.Criteria);
        var after = query.After is { } place ? $" AND {sql.KeysetPredicate(query.Order, place)}" : "";

        // The limit is a literal, not a parameter. Only then does PostgreSQL find that a generic plan is as good as a
        // custom plan, and keep it. Planning each request again takes longer than reading.
        return sql.Command(
            $"SELECT {Columns(query.WithBlockingError)}{(query.WithStatistics ? ", statistics" : "")} "
                + $"FROM runs WHERE {where}{after} ORDER BY {RunSql.OrderBy(query.Order)} "
                + $"LIMIT {query.PageSize}{(query.Skip > 0 ? $" OFFSET {sql.Parameter(query.Skip)}" : "")}"
        );
    }

    private static ActivityResponse ReadActivity(NpgsqlDataReader row) =>
        new(
            row.GetGuid(0),
            ActivityType.FromNumber(row.GetInt16(1)).Name,
            row.GetString(2),
            ActivityStatus.FromNumber(row.GetInt16(3)).Name,
            row.IsDBNull(4) ? null : row.GetString(4),
            row.IsDBNull(5) ? null : row.GetString(5)
        );

    private static RunListItem ReadRun(NpgsqlDataReader row) =>
        new(
            row.GetGuid(0),
            row.GetString(1),
            row.GetDateTime(2),
            row.IsDBNull(3) ? null : row.GetDateTime(3),
            RunStatus.FromNumber(row.GetInt16(4)).Name,
            row.IsDBNull(5) ? null : row.GetString(5),
            row.GetDateTime(6),
            row.GetDateTime(7),
            row.GetInt64(8)
        );
}
