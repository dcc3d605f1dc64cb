using System.Data;
using System.Numerics;
using System.Runtime.CompilerServices;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Reads runs in SQL, straight into responses. Every statement names the tenant.</summary>
internal sealed class RunReader(NpgsqlDataSource database, [FromKeyedServices(DataSources.Indexed)] NpgsqlDataSource indexed, QueryLimit limit) : IRunReader
{
    private static readonly RunField[] _totals = [RunField.Errors, RunField.Warnings, RunField.Groups, RunField.Memberships, RunField.Organizations, RunField.People];

    // In characters of what may be large. Who has read so much of a page, or of its activities, leaves the rest to the
    // next.
    private const long LongestPage = 4 * 1024 * 1024;

    // In runs with their statistics, of which each may have 64 KiB.
    private const int LargestPortion = 128;

    private const string ActivityColumns = "run_id, id, type, display_name, status, blocking_error, activity";

    private const string ListColumns = "id, display_name, start_date_time, end_date_time, status, blocking_error, created_date_time, last_modified_date_time, version";

    public async Task<RunResponse?> FindAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        await using var command = indexed.CreateCommand($"SELECT {ListColumns}, statistics FROM runs WHERE tenant_id = $1 AND id = $2");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id.Value });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        if (!await rows.ReadAsync(cancellationToken))
        {
            return null;
        }

        var run = Item(rows);
        return new RunResponse(
            run.Id, run.DisplayName, run.StartDateTime, run.EndDateTime, run.Status, rows.GetString(9), run.BlockingError, run.CreatedDateTime, run.LastModifiedDateTime, run.Version);
    }

    public async Task<bool> ExistsAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        await using var command = indexed.CreateCommand("SELECT EXISTS (SELECT FROM runs WHERE tenant_id = $1 AND id = $2)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id.Value });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    public async IAsyncEnumerable<RunListItem> ListAsync(ListRunsQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await (query.IsAnsweredByIndex ? indexed : database).OpenConnectionAsync(cancellationToken);
        using var patience = Patience(cancellationToken);

        // Results are read to their end, even when nobody wants the rest any more. What may be large is asked for in
        // portions, all as of one moment.
        var portion = query.WithStatistics ? Math.Min(query.PageSize, LargestPortion) : query.PageSize;
        await using var moment = portion < query.PageSize ? await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, patience.Token) : null;
        for (var (next, left) = (query with { PageSize = portion }, query.PageSize); next.PageSize > 0;)
        {
            var (last, read) = (default(RunListItem), 0);
            await using var command = Command(next, connection);
            await using var rows = await command.ExecuteReaderAsync(patience.Token);
            while (await rows.ReadAsync(patience.Token))
            {
                (last, read) = (query.WithStatistics ? Item(rows) with { Statistics = rows.GetString(9) } : Item(rows), read + 1);
                yield return last;
            }

            left -= read;
            next = read < next.PageSize || left == 0
                ? next with { PageSize = 0 }
                : next with { PageSize = Math.Min(portion, left), Skip = 0, After = RunPosition.Of(last, query.Order) };
        }
    }

    public Task<long> CountAsync(TenantId tenantId, RunCriteria criteria, CancellationToken cancellationToken)
    {
        // What asks for nothing but statuses is counted already, in a column of the same name.
        var sql = new RunSql();
        var where = sql.Where(tenantId.Value, criteria);
        return QueryAsync(
            criteria.AsksForStatusAlone ? $"SELECT coalesce(sum(count), 0)::bigint FROM run_counts WHERE {where}" : $"SELECT count(*) FROM runs WHERE {where}",
            sql,
            async (rows, cancellation) => await rows.ReadAsync(cancellation) ? rows.GetInt64(0) : 0,
            cancellationToken,
            criteria.AsksForStatusAlone);
    }

    public Task<RunSums?> SumAsync(TenantId tenantId, RunCriteria criteria, CancellationToken cancellationToken)
    {
        var sql = new RunSql();
        var where = sql.Where(tenantId.Value, criteria);
        return QueryAsync(
            $"""
            SELECT newest.id, newest.status, sums.*
            FROM (SELECT id, status FROM runs WHERE {where} ORDER BY {RunSql.OrderBy(RunOrderKey.Newest)} LIMIT 1) AS newest,
                (SELECT {string.Join(", ", _totals.Select(t => $"sum({RunSql.Total(t)})"))} FROM runs WHERE {where}) AS sums
            """,
            sql,
            async (rows, cancellation) => await rows.ReadAsync(cancellation)
                ? new RunSums(
                    rows.GetGuid(0),
                    RunStatus.FromNumber(rows.GetInt16(1)).Name,
                    _totals.Select((total, i) => (total, i)).ToDictionary(t => t.total, t => rows.IsDBNull(t.i + 2) ? (BigInteger?)null : rows.GetFieldValue<BigInteger>(t.i + 2)))
                : null,
            cancellationToken);
    }

    /// <summary>
    /// Runs a query that PostgreSQL is told to give up when it takes too long. Waiting for a connection does not count:
    /// it says nothing of the query.
    /// </summary>
    private async Task<T> QueryAsync<T>(string text, RunSql sql, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken, bool isIndexed = false)
    {
        await using var connection = await (isIndexed ? indexed : database).OpenConnectionAsync(cancellationToken);
        using var patience = Patience(cancellationToken);
        await using var command = sql.Command(text, connection);
        await using var rows = await command.ExecuteReaderAsync(patience.Token);
        return await read(rows, patience.Token);
    }

    private CancellationTokenSource Patience(CancellationToken cancellationToken)
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(limit.Timeout);
        return patience;
    }

    public async Task<ChangeClock> ReadChangeClockAsync(TenantId tenantId, ChangePlace? place, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Incarnations.ReadClockAsync(connection, tenantId, place, cancellationToken);
    }

    public async Task<(IReadOnlyList<RunChange> Found, bool IsFull)> ReadChangesAsync(ReadRunChangesQuery query, ChangeWalk walk, CancellationToken cancellationToken)
    {
        var (sql, tenantId) = (new RunSql(), query.TenantId.Value);
        var selects = sql.Selects(query.Criteria);
        var limit = query.WithStatistics ? Math.Min(query.PageSize, LargestPortion) : query.PageSize;
        var (changed, isFull) = await QueryAsync(
            $"""
            SELECT {ListColumns}, change_number, {(walk.IsFirst ? "TRUE" : $"({selects}) IS TRUE")}{(query.WithStatistics ? ", statistics" : "")}
            FROM runs WHERE {sql.Between(tenantId, walk, "id")}{(walk.IsFirst ? $" AND {selects}" : "")} ORDER BY change_number, id LIMIT {limit}
            """,
            sql,
            async (rows, cancellation) =>
            {
                var (changes, length) = (new List<RunChange>(), 0L);
                while (await rows.ReadAsync(cancellation))
                {
                    if (length > LongestPage)
                    {
                        return (changes, true);
                    }

                    RunListItem? run = !rows.GetBoolean(10) ? null : query.WithStatistics ? Item(rows) with { Statistics = rows.GetString(11) } : Item(rows);
                    changes.Add(new RunChange(rows.GetGuid(0), rows.GetInt64(9), run));
                    length += (run?.Statistics?.Length ?? 0) + (run?.BlockingError?.Length ?? 0);
                }

                return (changes, changes.Count == limit && limit < query.PageSize);
            },
            cancellationToken);
        if (walk.IsFirst)
        {
            return (changed, isFull);
        }

        // After the runs: one that is deleted in between is in both, and its deletion comes later.
        sql = new RunSql();
        var deleted = await QueryAsync(
            $"SELECT run_id, change_number FROM run_deletions WHERE {sql.Between(tenantId, walk, "run_id")} ORDER BY change_number, run_id LIMIT {query.PageSize}",
            sql,
            async (rows, cancellation) =>
            {
                var changes = new List<RunChange>();
                while (await rows.ReadAsync(cancellation))
                {
                    changes.Add(new RunChange(rows.GetGuid(0), rows.GetInt64(1), Run: null, IsDeleted: true));
                }

                return changes;
            },
            cancellationToken);
        if (deleted.Count == 0)
        {
            return (changed, isFull);
        }

        // Of a full page, no deletion from beyond the last run: between the two there are runs that were not read.
        var found = changed.Concat(deleted).OrderBy(c => c.Number).ThenBy(c => c.Id.ToString(), StringComparer.Ordinal).ToList();
        return ([.. found.Take(isFull ? Math.Min(query.PageSize, found.IndexOf(changed[^1]) + 1) : query.PageSize)], isFull);
    }

    public async Task<IReadOnlyList<ActivityResponse>?> ActivitiesAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        var (found, _) = await ActivitiesAsync(tenantId, [id.Value], cancellationToken);
        if (found.TryGetValue(id.Value, out var activities))
        {
            return activities;
        }

        return await ExistsAsync(tenantId, id, cancellationToken) ? [] : null;
    }

    public async Task<long?> CountActivitiesAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        var sql = new RunSql();
        var count = await QueryAsync(
            $"SELECT count(*) FROM run_activities WHERE tenant_id = {sql.Parameter(tenantId.Value)} AND run_id = {sql.Parameter(id.Value)}",
            sql,
            async (rows, cancellation) => await rows.ReadAsync(cancellation) ? rows.GetInt64(0) : 0,
            cancellationToken);
        return count > 0 || await ExistsAsync(tenantId, id, cancellationToken) ? count : null;
    }

    public Task<ActivityResponse?> FindActivityAsync(TenantId tenantId, RunId id, ActivityId activityId, CancellationToken cancellationToken)
    {
        var sql = new RunSql();
        return QueryAsync(
            $"SELECT {ActivityColumns} FROM run_activities WHERE tenant_id = {sql.Parameter(tenantId.Value)} AND run_id = {sql.Parameter(id.Value)} AND id = {sql.Parameter(activityId.Value)}",
            sql,
            async (rows, cancellation) => await rows.ReadAsync(cancellation) ? Activity(rows) : null,
            cancellationToken);
    }

    public Task<(IReadOnlyDictionary<Guid, IReadOnlyList<ActivityResponse>> Activities, Guid? LeftOut)> ActivitiesAsync(
        TenantId tenantId, IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        var sql = new RunSql();
        var tenant = sql.Parameter(tenantId.Value);
        return QueryAsync(
            $"""
            SELECT {ActivityColumns}
            FROM run_activities WHERE tenant_id = {tenant} AND run_id = ANY ({sql.Parameter(ids.ToArray())})
            ORDER BY array_position({sql.Parameter(ids.ToArray())}, run_id), id
            """,
            sql,
            async (rows, cancellation) =>
            {
                var found = new Dictionary<Guid, IReadOnlyList<ActivityResponse>>();
                var (run, activities, length) = (Guid.Empty, new List<ActivityResponse>(), 0L);
                while (await rows.ReadAsync(cancellation))
                {
                    var next = rows.GetGuid(0);
                    if (next != run && length > LongestPage)
                    {
                        return (found, (Guid?)next);
                    }

                    if (next != run)
                    {
                        (run, activities) = (next, []);
                        found.Add(run, activities);
                    }

                    var activity = Activity(rows);
                    activities.Add(activity);
                    length += activity.DisplayName.Length + (activity.BlockingError?.Length ?? 0) + (activity.Activity?.Length ?? 0);
                }

                return ((IReadOnlyDictionary<Guid, IReadOnlyList<ActivityResponse>>)found, (Guid?)null);
            },
            cancellationToken);
    }

    private static NpgsqlCommand Command(ListRunsQuery query, NpgsqlConnection connection)
    {
        var sql = new RunSql();
        var where = sql.Where(query.TenantId.Value, query.Criteria);
        var after = query.After is { } place ? $" AND {sql.After(query.Order, place)}" : "";

        // The limit as a number, not as a parameter: only then PostgreSQL knows that a plan for any parameters is as
        // good as one for these, and keeps it. Planning anew for each request takes it longer than reading.
        return sql.Command(
            $"SELECT {ListColumns}{(query.WithStatistics ? ", statistics" : "")} FROM runs WHERE {where}{after} ORDER BY {RunSql.OrderBy(query.Order)} LIMIT {query.PageSize}{(query.Skip > 0 ? $" OFFSET {sql.Parameter(query.Skip)}" : "")}",
            connection);
    }

    private static ActivityResponse Activity(NpgsqlDataReader row) => new(
        row.GetGuid(1),
        ActivityType.FromNumber(row.GetInt16(2)).Name,
        row.GetString(3),
        ActivityStatus.FromNumber(row.GetInt16(4)).Name,
        row.IsDBNull(5) ? null : row.GetString(5),
        row.IsDBNull(6) ? null : row.GetString(6));

    private static RunListItem Item(NpgsqlDataReader row) => new(
        row.GetGuid(0),
        row.GetString(1),
        row.GetDateTime(2),
        row.IsDBNull(3) ? null : row.GetDateTime(3),
        RunStatus.FromNumber(row.GetInt16(4)).Name,
        row.IsDBNull(5) ? null : row.GetString(5),
        row.GetDateTime(6),
        row.GetDateTime(7),
        row.GetInt64(8));
}
