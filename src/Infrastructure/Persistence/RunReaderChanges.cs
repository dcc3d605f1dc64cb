using System.Runtime.CompilerServices;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Distribution;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

// Reads the changes of runs.
internal sealed partial class RunReader
{
    public async Task<ChangeHorizon> ReadChangeHorizonAsync(
        TenantId tenantId,
        DeltaCursor? place,
        CancellationToken cancellationToken
    )
    {
        await using var session = await sessions.OpenIndexedAsync(
            tenantId,
            time: null,
            cancellationToken,
            onPrimary: true
        );
        if (await ReadAsync() is { } horizon)
        {
            return horizon;
        }

        // The server was started or promoted a moment ago, or the tenant has no clock. Reads may not record this.
        await session.WaitAsync(RecordAsync());
        return await ReadAsync() ?? throw ReadSession.DatabaseLost();

        Task<ChangeHorizon?> ReadAsync() =>
            options.Distributed
                ? TenantClocks.ReadAsync(session, tenantId, place)
                : DatabaseEpochs.ReadClockAsync(session, tenantId, place);

        async Task RecordAsync()
        {
            await using var connection = await owner.OpenConnectionAsync(CancellationToken.None);
            await (
                options.Distributed
                    ? TenantClocks.EnsureAsync(connection, tenantId, CancellationToken.None)
                    : DatabaseEpochs.EnsureCurrentAsync(connection, CancellationToken.None)
            );
        }
    }

    public async IAsyncEnumerable<RunChange> ReadChangesAsync(
        TenantId tenantId,
        RunCriteria criteria,
        DeltaScan scan,
        int limit,
        RunColumns columns,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var session = RunQueryPlan.CanUseGenericPlan(criteria, scan, limit)
            ? await sessions.OpenIndexedAsync(tenantId, time: null, cancellationToken, onPrimary: true)
            : await sessions.OpenAsync(tenantId, time: null, cancellationToken, onPrimary: true);
        session.BeginSnapshot();
        var deleted = scan.IsInitialSync ? [] : await ReadDeletedAsync(session, tenantId, scan, limit);
        var (returned, merged) = (0, 0);
        var portions = RunQueryPlan.PortionsOf(limit, columns);
        while (portions.Next > 0)
        {
            var (read, last) = (0, default(RunChange));
            await session.ExecuteAsync(ChangedCommand(tenantId, criteria, scan, portions.Next, columns), portions.Next);
            while (read < portions.Next && await session.ReadAsync())
            {
                (last, read) = (ReadChange(session.Row, columns), read + 1);
                portions.Add(last.CharsRead - RunPage.RowChars);
                while (merged < deleted.Count && returned < limit && IsBefore(deleted[merged], last))
                {
                    yield return deleted[merged++];
                    returned++;
                }

                if (returned == limit)
                {
                    yield break;
                }

                yield return last;
                returned++;
            }

            portions.Advance(read);
            scan = last is null ? scan : scan with { ChangeNumber = last.ChangeNumber, Id = last.Id };
        }

        // All changed runs were read, or the limit was reached. A deletion that overtook a changed run would hide it
        // from the reader.
        while (merged < deleted.Count && returned < limit)
        {
            yield return deleted[merged++];
            returned++;
        }
    }

    public async Task<IReadOnlyList<ChangeCount>> CountChangesAsync(
        TenantId tenantId,
        DeltaScan scan,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var session = await sessions.OpenIndexedAsync(
            tenantId,
            time: null,
            cancellationToken,
            onPrimary: true
        );
        var (sql, counts) = (new RunSql(), new List<ChangeCount>());
        string Numbers(string table, string id) =>
            $"""
                (SELECT change_number FROM {table} WHERE {sql.ScanRangePredicate(tenantId.Value, scan, id)}
                ORDER BY change_number, {id} LIMIT {limit})
                """;
        var changed = Numbers("runs", "id");
        var deleted = Numbers("run_tombstones", "run_id");
        await session.ExecuteAsync(
            sql.Command(
                $"""
                SELECT change_number, count(*)::integer FROM ({changed} UNION ALL {deleted}) AS changes
                GROUP BY change_number
                """
            )
        );
        while (await session.ReadAsync())
        {
            counts.Add(new ChangeCount(session.Row.GetInt64(0), session.Row.GetInt32(1)));
        }

        return counts;
    }

    private static NpgsqlBatchCommand ChangedCommand(
        TenantId tenantId,
        RunCriteria criteria,
        DeltaScan scan,
        int limit,
        RunColumns columns
    )
    {
        var sql = new RunSql();
        var selects = sql.FilterPredicate(criteria);
        return sql.Command(
            $"""
            SELECT {RunTable.ListedColumns(columns.BlockingError)}, change_number,
                {(scan.IsInitialSync ? "TRUE" : $"({selects}) IS TRUE")}
                {(columns.Statistics ? ", statistics" : "")}
            FROM runs WHERE {sql.ScanRangePredicate(tenantId.Value, scan, "id")}
                {(scan.IsInitialSync ? $" AND {selects}" : "")}
            ORDER BY change_number, id LIMIT {limit}
            """
        );
    }

    private static RunChange ReadChange(NpgsqlDataReader row, RunColumns columns)
    {
        var run = columns.Statistics
            ? RunTable.ReadRun(row) with
            {
                Statistics = row.GetString(RunTable.NextColumn + 2),
            }
            : RunTable.ReadRun(row);
        return new RunChange(
            run.Id,
            row.GetInt64(RunTable.NextColumn),
            row.GetBoolean(RunTable.NextColumn + 1) ? run : null,
            CharsRead: RunPage.RowChars + RunTable.Chars(run)
        );
    }

    private static bool IsBefore(RunChange deletion, RunChange change) =>
        deletion.ChangeNumber < change.ChangeNumber
        || (
            deletion.ChangeNumber == change.ChangeNumber
            && string.CompareOrdinal(deletion.Id.ToString(), change.Id.ToString()) < 0
        );

    private static async Task<List<RunChange>> ReadDeletedAsync(
        ReadSession session,
        TenantId tenantId,
        DeltaScan scan,
        int limit
    )
    {
        var (sql, deleted) = (new RunSql(), new List<RunChange>());
        var range = sql.ScanRangePredicate(tenantId.Value, scan, "run_id");
        await session.ExecuteAsync(
            sql.Command(
                $"SELECT run_id, change_number FROM run_tombstones WHERE {range} "
                    + $"ORDER BY change_number, run_id LIMIT {limit}"
            ),
            limit
        );
        while (deleted.Count < limit && await session.ReadAsync())
        {
            deleted.Add(new RunChange(session.Row.GetGuid(0), session.Row.GetInt64(1), Run: null, IsDeleted: true));
        }

        return deleted;
    }
}
