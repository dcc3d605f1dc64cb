using System.Data;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Counts the runs by hour in the background. Hours that have changed are counted again from their runs when no more
/// changes arrive. Reads take the hours that have changed from the runs (<see cref="CountedSpan"/>), so that they are
/// exact, however late this service is.
/// </summary>
internal sealed partial class RunHourService(
    [FromKeyedServices(DataSources.Maintenance)] NpgsqlDataSource database,
    IDatabaseHealth status,
    DatabaseMetrics metrics,
    TimeProvider clock,
    ILogger<RunHourService> logger
) : BackgroundService
{
    /// <summary>The time without a change after which an hour is counted again.</summary>
    public static readonly TimeSpan QuietTime = TimeSpan.FromMinutes(1);

    // The limits of one transaction. An hour is counted as a whole, however many runs it has.
    private const int MaxHours = 100;
    private const int MaxUncountedRuns = 50_000;
    private const int MaxChangedRuns = 50_000;

    // The pause after a transaction is this many times as long. So the service uses a fifth of one processor at most.
    private const int PauseFactor = 4;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan _pauseAfterFailure = TimeSpan.FromMinutes(1);

    private static readonly string[] _totals =
    [
        "errors",
        "warnings",
        "groups",
        "memberships",
        "organizations",
        "people",
    ];

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

    private static readonly string[] _count =
    [
        .. ((string[])["run_hours", "run_hour_durations", "run_hour_failures", "outdated_run_hours"]).Select(table =>
            $"""
                DELETE FROM {table} USING unnest($2, $3) AS part(first, last)
                WHERE tenant_id = $1 AND hour >= part.first AND hour < part.last
                """
        ),
        $"""
            INSERT INTO run_hours (
                tenant_id, hour, status, has_end, runs, {string.Join(", ", _totals.Select(t => $"{t}, runs_with_{t}"))})
            SELECT $1, {CountedSpan.Hour} AS hour, status, end_date_time IS NOT NULL, count(*),
                {string.Join(", ", _totals.Select(t => $"sum(inbound_{t}), count(inbound_{t})"))}
            FROM {Parts}
            GROUP BY hour, status, end_date_time IS NOT NULL
            """,
        $"""
            INSERT INTO run_hour_durations (tenant_id, hour, bins, runs)
            SELECT $1, hour, array_agg(bin ORDER BY bin), array_agg(runs ORDER BY bin)
            FROM (
                SELECT {CountedSpan.Hour} AS hour, {DurationBins.Expression} AS bin, count(*) AS runs
                FROM {Parts}
                WHERE status <> {RunStatus.Running.Number} AND end_date_time IS NOT NULL
                GROUP BY 1, 2) AS bins
            GROUP BY hour
            """,
        $"""
            INSERT INTO run_hour_failures (tenant_id, hour, number, code, runs, last_start)
            SELECT $1, hour, row_number() OVER (PARTITION BY hour ORDER BY code), code, runs, last_start
            FROM (
                SELECT {CountedSpan.Hour} AS hour, (blocking_error->>'code') COLLATE "C" AS code, count(*) AS runs,
                    max(start_date_time) AS last_start
                FROM {Parts}
                WHERE status = {RunStatus.Failed.Number}
                GROUP BY 1, 2) AS failures
            """,
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

        // All statements see the same runs. What commits later has a change number from the low watermark on.
        await using var transaction = await connection.BeginTransactionAsync(
            IsolationLevel.RepeatableRead,
            cancellationToken
        );
        if (await ReadProgressAsync(connection, tenantId, cancellationToken) is not { } progress)
        {
            return false;
        }

        progress = await MarkChangedAsync(connection, tenantId, progress, cancellationToken);
        var parts = await ReadQuietHoursAsync(connection, tenantId, progress, quietTime, cancellationToken);
        var hasMore = parts.Count == MaxHours || progress.ChangeNumber < progress.Watermark;
        if (progress.CountedFrom > RunHourProgress.Everything)
        {
            var from = await FindEarlierHourAsync(connection, tenantId, progress.CountedFrom, cancellationToken);
            parts.Add((from, progress.CountedFrom));
            progress = progress with { CountedFrom = from };
        }

        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in parts.Count > 0 ? _count : [])
        {
            batch.BatchCommands.Add(
                Of(
                    statement,
                    tenantId.Value,
                    parts.Select(p => p.From.UtcDateTime).ToArray(),
                    parts.Select(p => p.To.UtcDateTime).ToArray()
                )
            );
        }

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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = _pauseAfterFailure;
            try
            {
                if (status.WriteOutage is null)
                {
                    pause = await CountAllAsync(stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailure(exception);
            }

            // Cancellation at shutdown is not an error.
            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Counts a portion of each tenant that has something to count.</summary>
    /// <returns>The pause before the next portions.</returns>
    private async Task<TimeSpan> CountAllAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var tenants = await ListTenantsAsync(QuietTime, cancellationToken);
        var took = clock.GetElapsedTime(started);
        var (hasMore, hasFailed) = (false, false);
        foreach (var tenant in tenants)
        {
            await Task.Delay(took * PauseFactor, clock, cancellationToken);
            started = clock.GetTimestamp();
            var succeeded = false;
            try
            {
                hasMore |= await CountAsync(tenant, QuietTime, cancellationToken);
                succeeded = true;
            }
            catch (PostgresException exception) when (IsConflict(exception))
            {
                // Another instance has counted the tenant's runs, or a table is locked.
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                LogFailure(exception);
                hasFailed = true;
            }

            took = clock.GetElapsedTime(started);
            metrics.RecordMaintenance("count runs by hour", succeeded, took);
        }

        return hasFailed ? _pauseAfterFailure
            : hasMore || took * PauseFactor > _pause ? took * PauseFactor
            : _pause;
    }

    /// <summary>True if the transaction gave way to another one.</summary>
    internal static bool IsConflict(PostgresException exception) =>
        exception.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.LockNotAvailable;

    /// <summary>Locks the progress of a tenant until the end of the transaction.</summary>
    /// <returns>The progress; null if another transaction has locked it.</returns>
    private static async Task<Progress?> ReadProgressAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        CancellationToken cancellationToken
    )
    {
        // Compilation takes longer than the statements. Before a table is analyzed, PostgreSQL may prefer to read it
        // whole. The timeout is shorter than deadlock_timeout, so that the count gives way.
        await using var command = Command(
            connection,
            """
            SELECT change_number, counted_from, change_number(pg_snapshot_xmin(pg_current_snapshot())),
                set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true),
                set_config('lock_timeout', '200ms', true)
            FROM run_hour_progress WHERE tenant_id = $1
            FOR UPDATE SKIP LOCKED
            """,
            tenantId.Value
        );
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
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
    /// Notes the hours of the runs that have changed, and returns the progress to the low watermark. If there are many
    /// changes, they are noted in portions.
    /// </summary>
    private static async Task<Progress> MarkChangedAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        Progress progress,
        CancellationToken cancellationToken
    )
    {
        if (progress.CountedFrom == RunHourProgress.Nothing)
        {
            return progress with { ChangeNumber = progress.Watermark };
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
            return progress with { ChangeNumber = progress.Watermark, CountedFrom = DateTimeOffset.MaxValue };
        }

        if (hours.Count > 0)
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(
                Of(
                    "DELETE FROM outdated_run_hours WHERE tenant_id = $1 AND hour = ANY ($2)",
                    tenantId.Value,
                    hours.ToArray()
                )
            );
            batch.BatchCommands.Add(
                Of(
                    """
                    INSERT INTO outdated_run_hours
                    SELECT $1, hour, number, now() FROM unnest($2, $3) AS changed(hour, number)
                    """,
                    tenantId.Value,
                    hours.ToArray(),
                    numbers.ToArray()
                )
            );
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        // The transaction with the last number may have more changes.
        return progress with
        {
            ChangeNumber = runs == MaxChangedRuns ? last : progress.Watermark,
        };
    }

    private static async Task<List<(DateTimeOffset From, DateTimeOffset To)>> ReadQuietHoursAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        Progress progress,
        TimeSpan quietTime,
        CancellationToken cancellationToken
    )
    {
        await using var command = Command(
            connection,
            $"""
            SELECT hour FROM outdated_run_hours WHERE tenant_id = $1 AND hour >= $2 AND hour < $4
            GROUP BY hour HAVING max(changed_date_time) <= now() - $3
            ORDER BY hour DESC LIMIT {MaxHours}
            """,
            tenantId.Value,
            progress.CountedFrom.UtcDateTime,
            quietTime,
            RunHourProgress.Nothing.UtcDateTime
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

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The runs could not be counted by hour; the count continues in a minute, and pages that show counts "
            + "of long spans are slow until then"
    )]
    private partial void LogFailure(Exception exception);

    /// <param name="ChangeNumber">As <see cref="RunHourProgress.ChangeNumber"/>.</param>
    /// <param name="CountedFrom">As <see cref="RunHourProgress.CountedFrom"/>.</param>
    /// <param name="Watermark">The low watermark of the transaction.</param>
    private sealed record Progress(long ChangeNumber, DateTimeOffset CountedFrom, long Watermark);
}
