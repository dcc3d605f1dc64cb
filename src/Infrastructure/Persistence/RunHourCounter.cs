using System.Data;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Counts runs by hour, a portion of a tenant in each transaction. It can be called at any time and by any number of
/// instances: reads are exact whatever is counted (<see cref="CountedSpan"/>).
/// </summary>
internal sealed class RunHourCounter([FromKeyedServices(DataSources.Maintenance)] NpgsqlDataSource database)
{
    /// <summary>The time without a change after which an hour is counted again.</summary>
    public static readonly TimeSpan QuietTime = TimeSpan.FromMinutes(1);

    // The limits of one transaction. An hour is counted as a whole, however many runs it has.
    private const int MaxHours = 100;
    private const int MaxUncountedRuns = 50_000;
    private const int MaxChangedRuns = 50_000;

    // The tenants with something to count. Each takes a lookup in the indexes of run_counts and of the partitions of
    // runs.
    private const string TenantsToCount = """
        WITH RECURSIVE known AS (
            SELECT (SELECT tenant_id FROM run_counts ORDER BY tenant_id LIMIT 1) AS tenant_id
            UNION ALL
            SELECT (
                SELECT tenant_id FROM run_counts WHERE run_counts.tenant_id > known.tenant_id
                ORDER BY tenant_id LIMIT 1)
            FROM known WHERE known.tenant_id IS NOT NULL),
            tenants AS (
                SELECT tenant_id FROM known WHERE tenant_id IS NOT NULL
                UNION
                SELECT tenant_id FROM run_hour_progress)
        SELECT tenants.tenant_id
        FROM tenants LEFT JOIN run_hour_progress AS progress USING (tenant_id)
        WHERE progress.tenant_id IS NULL
            OR counted_from > $3
            OR EXISTS (
                SELECT FROM outdated_run_hours AS outdated
                WHERE outdated.tenant_id = tenants.tenant_id AND hour < $2
                GROUP BY hour HAVING max(changed_date_time) <= now() - $1)
            OR (
                SELECT runs.change_number FROM runs
                WHERE runs.tenant_id = tenants.tenant_id AND runs.change_number >= progress.change_number
                ORDER BY runs.change_number, runs.id LIMIT 1)
                < change_number(pg_snapshot_xmin(pg_current_snapshot()))
        """;

    private const string Changed = $"""
        SELECT hour, max(change_number), count(*)
        FROM (
            SELECT {CountedSpan.Hour} AS hour, change_number FROM runs
            WHERE tenant_id = $1 AND change_number >= $2 AND change_number < $3
            ORDER BY change_number, id LIMIT $4) AS changed
        GROUP BY hour
        """;

    // $2 and $3 have the bounds of the parts to count.
    private const string Parts = """
        unnest($2, $3) AS part(first, last) CROSS JOIN LATERAL (
            SELECT * FROM runs
            WHERE tenant_id = $1 AND start_date_time >= part.first AND start_date_time < part.last) AS run
        """;

    // Each query returns the rows of a table as a JSON array.
    private static readonly (string Table, string Rows)[] _counts =
    [
        (
            "run_hours",
            $"""
            SELECT $1 AS tenant_id, {CountedSpan.Hour} AS hour, status, end_date_time IS NOT NULL AS has_end,
                count(*) AS runs,
                {CountedSpan.EachTotal(t => $"sum(inbound_{t}) AS {t}, count(inbound_{t}) AS runs_with_{t}")}
            FROM {Parts}
            GROUP BY hour, status, has_end
            """
        ),
        (
            "run_hour_durations",
            $"""
            SELECT $1 AS tenant_id, hour, array_agg(bin ORDER BY bin) AS bins, array_agg(runs ORDER BY bin) AS runs
            FROM (
                SELECT {CountedSpan.Hour} AS hour, {DurationBins.Expression} AS bin, count(*) AS runs
                FROM {Parts}
                WHERE status <> {RunStatus.Running.Number} AND end_date_time IS NOT NULL
                GROUP BY 1, 2) AS bins
            GROUP BY hour
            """
        ),
        (
            "run_hour_failures",
            $"""
            SELECT $1 AS tenant_id, hour, row_number() OVER (PARTITION BY hour ORDER BY code) AS number, code, runs,
                last_start
            FROM (
                SELECT {CountedSpan.Hour} AS hour, (blocking_error->>'code') COLLATE "C" AS code, count(*) AS runs,
                    max(start_date_time) AS last_start
                FROM {Parts}
                WHERE status = {RunStatus.Failed.Number}
                GROUP BY 1, 2) AS failures
            """
        ),
    ];

    /// <summary>Lists the tenants that have something to count.</summary>
    /// <param name="quietTime">The time without a change after which an hour is counted again.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<IReadOnlyList<TenantId>> ListTenantsAsync(TimeSpan quietTime, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(TenantsToCount);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = quietTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = RunHourProgress.Nothing.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = RunHourProgress.Everything.UtcDateTime });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var tenants = new List<TenantId>();
        while (await rows.ReadAsync(cancellationToken))
        {
            tenants.Add(new TenantId(rows.GetGuid(0)));
        }

        return tenants;
    }

    /// <summary>
    /// Counts a portion of what has changed of a tenant, in one transaction. It does nothing if another instance counts
    /// the tenant's runs.
    /// </summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="quietTime">The time without a change after which an hour is counted again.</param>
    /// <param name="cancellationToken">Cancels the count.</param>
    /// <returns>True if there is more to count at once.</returns>
    public async Task<bool> CountAsync(TenantId tenantId, TimeSpan quietTime, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using (
            var add = Command(
                connection,
                "INSERT INTO run_hour_progress VALUES ($1, 0, $2) ON CONFLICT DO NOTHING",
                tenantId.Value,
                RunHourProgress.Nothing.UtcDateTime
            )
        )
        {
            await add.ExecuteNonQueryAsync(cancellationToken);
        }

        // All statements see the same runs. What commits later has a change number from the low watermark on. All reads
        // come before the first write, because delta queries do not go beyond a transaction that has written.
        await using var transaction = await connection.BeginTransactionAsync(
            IsolationLevel.RepeatableRead,
            cancellationToken
        );
        if (await ReadProgressAsync(connection, tenantId, cancellationToken) is not { } progress)
        {
            return false;
        }

        (progress, var changes) = await ReadChangesAsync(connection, tenantId, progress, cancellationToken);
        var parts = await ReadQuietHoursAsync(connection, tenantId, progress, changes, quietTime, cancellationToken);
        var hasMore = parts.Count == MaxHours || progress.ChangeNumber < progress.Watermark;
        if (progress.CountedFrom > RunHourProgress.Everything)
        {
            var from = await FindEarlierHourAsync(connection, tenantId, progress.CountedFrom, cancellationToken);
            parts.Add((from, progress.CountedFrom));
            progress = progress with { CountedFrom = from };
        }

        var writes = new List<NpgsqlBatchCommand>();
        Mark(tenantId, changes, writes);
        if (parts.Count > 0)
        {
            await CountPartsAsync(connection, tenantId, parts, writes, cancellationToken);
        }

        await using var batch = new NpgsqlBatch(connection);
        writes.ForEach(batch.BatchCommands.Add);

        // If another instance has counted meanwhile, or a partition has been detached, this fails.
        batch.BatchCommands.Add(
            Of(
                "UPDATE run_hour_progress SET change_number = $2, counted_from = $3 WHERE tenant_id = $1",
                tenantId.Value,
                progress.ChangeNumber,
                progress.CountedFrom.UtcDateTime
            )
        );
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return hasMore || progress.CountedFrom > RunHourProgress.Everything;
    }

    /// <summary>True if the transaction gave way to another one.</summary>
    internal static bool IsConflict(PostgresException exception) =>
        exception.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.LockNotAvailable;

    /// <summary>Begins to count the runs of a tenant. No other instance can until the transaction ends.</summary>
    /// <returns>The progress; null if another instance counts.</returns>
    private static async Task<Progress?> ReadProgressAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        CancellationToken cancellationToken
    )
    {
        // The lock of the table lets no partition be attached or detached meanwhile. It is first, as in the functions
        // that do this. The timeout is shorter than deadlock_timeout, so that the count gives way.
        //
        // Before a table is analyzed, PostgreSQL may prefer to read it whole.
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Of("SET LOCAL lock_timeout = '200ms'"),
                Of("LOCK TABLE run_hour_progress IN ROW EXCLUSIVE MODE"),
                Of("SET LOCAL enable_seqscan = off"),
                Of(
                    """
                    SELECT change_number, counted_from, change_number(pg_snapshot_xmin(pg_current_snapshot())),
                        pg_try_advisory_xact_lock(hashtextextended('run_hours ' || tenant_id, 0))
                    FROM run_hour_progress WHERE tenant_id = $1
                    """,
                    tenantId.Value
                ),
            },
        };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken) || !row.GetBoolean(3))
        {
            return null;
        }

        var (number, watermark) = (row.GetInt64(0), row.GetInt64(2));

        // Numbers that went back name other changes than before.
        return new Progress(
            number,
            watermark < number ? RunHourProgress.Nothing : row.GetFieldValue<DateTimeOffset>(1),
            watermark
        );
    }

    /// <summary>
    /// Reads the hours of the runs that have changed, and returns the progress to the low watermark. If there are many
    /// changes, they are read in portions.
    /// </summary>
    private static async Task<(Progress Progress, Changes Changes)> ReadChangesAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        Progress progress,
        CancellationToken cancellationToken
    )
    {
        var none = new Changes([], []);
        if (progress.CountedFrom == RunHourProgress.Nothing)
        {
            return (progress with { ChangeNumber = progress.Watermark }, none);
        }

        var (hours, numbers, runs, last) = (new List<DateTime>(), new List<long>(), 0L, 0L);
        await using (
            var command = Command(
                connection,
                Changed,
                tenantId.Value,
                progress.ChangeNumber,
                progress.Watermark,
                MaxChangedRuns
            )
        )
        {
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                if (rows.GetFieldValue<DateTimeOffset>(0) >= progress.CountedFrom)
                {
                    hours.Add(rows.GetDateTime(0));
                    numbers.Add(rows.GetInt64(1));
                }

                (last, runs) = (Math.Max(last, rows.GetInt64(1)), runs + rows.GetInt64(2));
            }
        }

        if (runs == MaxChangedRuns && last == progress.ChangeNumber)
        {
            // One transaction has changed very many runs. It takes less to count all hours again.
            return (progress with { ChangeNumber = progress.Watermark, CountedFrom = DateTimeOffset.MaxValue }, none);
        }

        // The transaction with the last number may have more changes.
        return (
            progress with
            {
                ChangeNumber = runs == MaxChangedRuns ? last : progress.Watermark,
            },
            new Changes([.. hours], [.. numbers])
        );
    }

    /// <summary>Adds the statements that note the hours that have changed.</summary>
    private static void Mark(TenantId tenantId, Changes changes, List<NpgsqlBatchCommand> writes)
    {
        if (changes.Hours.Length == 0)
        {
            return;
        }

        writes.Add(
            Of("DELETE FROM outdated_run_hours WHERE tenant_id = $1 AND hour = ANY ($2)", tenantId.Value, changes.Hours)
        );
        writes.Add(
            Of(
                """
                INSERT INTO outdated_run_hours
                SELECT $1, hour, number, now() FROM unnest($2, $3) AS changed(hour, number)
                """,
                tenantId.Value,
                changes.Hours,
                changes.Numbers
            )
        );
    }

    /// <summary>Counts the runs of parts, and adds the statements that replace the numbers of their hours.</summary>
    private static async Task CountPartsAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        List<(DateTimeOffset From, DateTimeOffset To)> parts,
        List<NpgsqlBatchCommand> writes,
        CancellationToken cancellationToken
    )
    {
        object[] values =
        [
            tenantId.Value,
            parts.Select(p => p.From.UtcDateTime).ToArray(),
            parts.Select(p => p.To.UtcDateTime).ToArray(),
        ];
        await using var batch = new NpgsqlBatch(connection);
        foreach (var (_, query) in _counts)
        {
            batch.BatchCommands.Add(
                Of($"SELECT coalesce(jsonb_agg(to_jsonb(counted)), '[]')::text FROM ({query}) AS counted", values)
            );
        }

        await using var results = await batch.ExecuteReaderAsync(cancellationToken);
        foreach (var (table, _) in _counts)
        {
            await results.ReadAsync(cancellationToken);
            writes.Add(Of(RemovalFrom(table), values));
            writes.Add(
                Of(
                    $"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1::jsonb)",
                    results.GetString(0)
                )
            );
            await results.NextResultAsync(cancellationToken);
        }

        writes.Add(Of(RemovalFrom("outdated_run_hours"), values));

        static string RemovalFrom(string table) =>
            $"""
                DELETE FROM {table} USING unnest($2, $3) AS part(first, last)
                WHERE tenant_id = $1 AND hour >= part.first AND hour < part.last
                """;
    }

    private static async Task<List<(DateTimeOffset From, DateTimeOffset To)>> ReadQuietHoursAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        Progress progress,
        Changes changes,
        TimeSpan quietTime,
        CancellationToken cancellationToken
    )
    {
        await using var command = Command(
            connection,
            $"""
            SELECT hour
            FROM (
                SELECT hour, changed_date_time FROM outdated_run_hours WHERE tenant_id = $1
                UNION ALL
                SELECT hour, now() FROM unnest($5) AS hour) AS outdated
            WHERE hour >= $2 AND hour < $4
            GROUP BY hour HAVING max(changed_date_time) <= now() - $3
            ORDER BY hour DESC LIMIT {MaxHours}
            """,
            tenantId.Value,
            progress.CountedFrom.UtcDateTime,
            quietTime,
            RunHourProgress.Nothing.UtcDateTime,
            changes.Hours
        );
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var hours = new List<(DateTimeOffset, DateTimeOffset)>();
        while (await rows.ReadAsync(cancellationToken))
        {
            var hour = rows.GetFieldValue<DateTimeOffset>(0);
            hours.Add((hour, hour > DateTimeOffset.MaxValue.AddHours(-1) ? DateTimeOffset.MaxValue : hour.AddHours(1)));
        }

        return hours;
    }

    /// <summary>Returns the hour from which on a portion of uncounted runs started.</summary>
    private static async Task<DateTimeOffset> FindEarlierHourAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        DateTimeOffset before,
        CancellationToken cancellationToken
    )
    {
        await using var command = Command(
            connection,
            $"""
            SELECT {CountedSpan.Hour} FROM runs WHERE tenant_id = $1 AND start_date_time < $2
            ORDER BY start_date_time DESC, id DESC OFFSET {MaxUncountedRuns} LIMIT 1
            """,
            tenantId.Value,
            before.UtcDateTime
        );
        return await command.ExecuteScalarAsync(cancellationToken) is DateTime hour ? hour : RunHourProgress.Everything;
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string text, params object[] values)
    {
        var command = new NpgsqlCommand(text, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }

    private static NpgsqlBatchCommand Of(string text, params object[] values)
    {
        var command = new NpgsqlBatchCommand(text);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }

    /// <param name="ChangeNumber">As <see cref="RunHourProgress.ChangeNumber"/>.</param>
    /// <param name="CountedFrom">As <see cref="RunHourProgress.CountedFrom"/>.</param>
    /// <param name="Watermark">The low watermark of the transaction.</param>
    private sealed record Progress(long ChangeNumber, DateTimeOffset CountedFrom, long Watermark);

    /// <param name="Hours">The hours of the runs that have changed.</param>
    /// <param name="Numbers">The last change number of each hour.</param>
    private sealed record Changes(DateTime[] Hours, long[] Numbers);
}
