using System.ComponentModel.DataAnnotations;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The retention of runs (configuration section <c>Retention</c>).</summary>
public sealed record RetentionOptions
{
    /// <summary>
    /// The retention in months. The runs of a partition are detached together when all of them are older than this, and
    /// dropped a day later. If 0, runs are kept forever.
    /// </summary>
    [Range(0, 1200)]
    public int Months { get; init; }

    /// <summary>
    /// The folder to which detached partitions are archived before they are dropped. If it is empty, they are dropped
    /// without an archive.
    /// </summary>
    public string? ArchiveFolder { get; init; }
}

/// <summary>The partitions of runs (configuration section <c>Partitions</c>).</summary>
public sealed record PartitionOptions
{
    /// <summary>
    /// The period of the runs in a new partition. By default, it follows the number of runs
    /// (<see cref="PartitionWidths"/>). Existing partitions do not change.
    /// </summary>
    [AllowedValues(PartitionWidths.Automatic, "quarter", "month", "week", "day")]
    public string Width { get; init; } = PartitionWidths.Automatic;

    /// <summary>
    /// Returns the time for which partitions are created ahead. It is short, because every list reads each partition
    /// whose period has not ended, and because the number of runs may change until then.
    /// </summary>
    /// <param name="now">The current time.</param>
    /// <param name="width">The width of the partitions.</param>
    internal DateTimeOffset Ahead(DateTimeOffset now, string width) =>
        (Width, width) switch
        {
            (_, "day") => now.AddDays(3),
            (PartitionWidths.Automatic, _) or (_, "week") => now.AddDays(7),
            (_, "month") => now.AddMonths(1),
            _ => now.AddMonths(3),
        };
}

/// <summary>
/// Runs periodic maintenance: it creates partitions ahead of time, records the starts of the runs in ended partitions,
/// detaches and drops expired partitions, and purges expired deletions, idempotency keys and sign-in codes.
/// </summary>
internal sealed partial class DatabaseMaintenanceService(
    [FromKeyedServices(DataSources.Maintenance)] NpgsqlDataSource database,
    IDatabaseHealth status,
    RetentionOptions retention,
    PartitionOptions partitions,
    DatabaseOptions options,
    IRunArchive archive,
    DatabaseMetrics metrics,
    TimeProvider clock,
    ILogger<DatabaseMaintenanceService> logger
) : BackgroundService
{
    private const long Lock = 0x5570_6B65_6570_0001;

    private const int DeleteBatchSize = 10_000;

    // The newest run of each tenant that has runs in the newest quarter. It takes one index lookup for each tenant.
    private const string NewestRun = """
        WITH RECURSIVE newest AS (
            (SELECT tenant_id, created_date_time FROM runs WHERE id >= $1 ORDER BY tenant_id DESC, id DESC LIMIT 1)
            UNION ALL
            SELECT next.tenant_id, next.created_date_time
            FROM newest CROSS JOIN LATERAL (
                SELECT tenant_id, created_date_time FROM runs
                WHERE id >= $1 AND runs.tenant_id < newest.tenant_id
                ORDER BY tenant_id DESC, id DESC LIMIT 1) AS next)
        SELECT max(created_date_time) FROM newest
        """;

    // Citus has no recursive queries over tenants. Each node reads the runs of the quarter.
    private const string NewestDistributedRun = "SELECT max(created_date_time) FROM runs WHERE id >= $1";

    private const string NewestQuarter = """
        SELECT uuid_v7_lower_bound(quarter::timestamp AT TIME ZONE 'UTC') FROM run_counts
        GROUP BY quarter HAVING sum(count) > 0 ORDER BY quarter DESC LIMIT 1
        """;

    // Expired periods with rows in the default partition. Each gets a partition, so that it can be detached too.
    private const string StrayPeriods = $"""
        SELECT DISTINCT date_trunc(
            $2,
            to_timestamp(('x' || left(replace(strays.id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
                AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
        FROM (
            SELECT id FROM runs_default WHERE id < {FirstId}
            UNION ALL
            SELECT run_id FROM run_activities_default WHERE run_id < {FirstId}) AS strays
        """;

    private const string FirstId =
        "uuid_v7_lower_bound(date_trunc($2, greatest($1, to_timestamp(0)) AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')";

    // The functions wait for a lock for only 100 ms, because all other statements wait behind them.
    private const int MaxLockAttempts = 40;

    private static readonly TimeSpan _pauseBetweenLockAttempts = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _pause = TimeSpan.FromHours(1);

    private static readonly TimeSpan _pauseAfterFailure = TimeSpan.FromMinutes(1);

    // Runs are rarely added or started later than this after the period of their ids. Those that are cost a trigger.
    private static readonly TimeSpan _lateWrites = TimeSpan.FromHours(1);

    private static readonly TimeSpan _maxClockDifference = TimeSpan.FromHours(1);

    // One day more than the token lifetime, because clocks differ and a transaction may take long.
    private static readonly TimeSpan _deletionsKept = DeltaCursor.TokenLifetime + TimeSpan.FromDays(1);

    /// <summary>
    /// Runs all steps once, unless another service runs them. A failed step is logged and does not prevent the others.
    /// </summary>
    /// <param name="now">The current time by the service's clock.</param>
    /// <param name="cancellationToken">Cancels the maintenance.</param>
    /// <returns>True if no step failed.</returns>
    public async Task<bool> RunMaintenanceAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);

        // A separate transaction holds the lock, so that the lock ends with the connection in any case.
        await using var lockTransaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var acquire = new NpgsqlCommand($"SELECT pg_try_advisory_xact_lock({Lock})", connection);
        if (await acquire.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return true;
        }

        await using var ask = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        DateTimeOffset databaseNow = (DateTime)(await ask.ExecuteScalarAsync(cancellationToken))!;
        var earlier = now < databaseNow ? now : databaseNow;

        var succeeded = true;
        succeeded &= await TryAsync("create partitions", () => CreateAsync(now, cancellationToken), cancellationToken);
        if (!options.Distributed)
        {
            succeeded &= await TryAsync(
                "record starts",
                () => RecordStartsAsync(earlier - _lateWrites, cancellationToken),
                cancellationToken
            );
        }

        if (retention.Months > 0 && (now - databaseNow).Duration() > _maxClockDifference)
        {
            LogClocksDiffer(now, databaseNow);
        }
        else if (retention.Months > 0)
        {
            succeeded &= await TryAsync(
                "detach expired partitions",
                () => DetachAsync(earlier, cancellationToken),
                cancellationToken
            );
            var isArchived = await TryAsync(
                "archive expired partitions",
                () => ArchiveAsync(cancellationToken),
                cancellationToken
            );
            succeeded &= isArchived;
            if (isArchived)
            {
                succeeded &= await TryAsync(
                    "drop expired partitions",
                    () => DropAsync(cancellationToken),
                    cancellationToken
                );
            }
        }

        succeeded &= await TryAsync(
            "subtract expired runs",
            () => RepeatAsync("SELECT subtract_expired_runs()", cancellationToken),
            cancellationToken
        );

        // Deletions and delta tokens use the database's clock. Idempotency keys use the service's clock.
        succeeded &= await TryAsync(
            "purge deletions",
            () => PurgeAsync("run_tombstones", "deleted_date_time", databaseNow - _deletionsKept, cancellationToken),
            cancellationToken
        );
        succeeded &= await TryAsync(
            "purge idempotency keys",
            () =>
                PurgeAsync(
                    "idempotency_records",
                    "created_date_time",
                    earlier - IdempotencyKey.TimeToLive,
                    cancellationToken
                ),
            cancellationToken
        );
        succeeded &= await TryAsync(
            "purge sign-in codes",
            () =>
                PurgeAsync(
                    "used_sign_in_codes",
                    "expires_date_time",
                    earlier - UsedSignInCodeStore.KeptAfterExpiry,
                    cancellationToken
                ),
            cancellationToken
        );
        return succeeded;
    }

    /// <summary>
    /// Returns the statement that deletes a portion of the expired rows of a table, oldest first. Expired rows have a
    /// time from $1 on and before $2.
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="column">The column with the time of the row. It has its own index.</param>
    internal static string PurgeStatement(string table, string column) =>
            // The order makes PostgreSQL use the index for any number of expired rows.
            $"""
            WITH purged AS (
                DELETE FROM {table} WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM {table} WHERE {column} >= $1 AND {column} < $2
                    ORDER BY {column} LIMIT {DeleteBatchSize} FOR UPDATE SKIP LOCKED))
                RETURNING {column})
            SELECT count(*), max({column}) FROM purged
            """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = _pauseAfterFailure;
            try
            {
                if (status.WriteOutage is null)
                {
                    pause = await RunMaintenanceAsync(clock.GetUtcNow(), stoppingToken) ? _pause : _pauseAfterFailure;
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // No request waits for maintenance, and the next partition is not needed for days.
                LogFailure(exception);
            }

            // Cancellation at shutdown is not an error.
            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> TryAsync(string step, Func<Task> run, CancellationToken cancellationToken)
    {
        var (started, succeeded) = (clock.GetTimestamp(), false);
        try
        {
            await run();
            succeeded = true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogStepFailed(exception, step);
        }

        metrics.RecordMaintenance(step, succeeded, clock.GetElapsedTime(started));
        return succeeded;
    }

    private async Task CreateAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        string width;
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
        {
            width = await PartitionWidths.ChooseAsync(connection, partitions, now, cancellationToken);
        }

        for (var (instant, last) = (now, partitions.Ahead(now, width)); instant <= last; )
        {
            instant = await CreatePartitionAsync(instant, width, cancellationToken);
        }
    }

    /// <summary>Creates the partition for an instant, unless it exists, and returns the end of its period.</summary>
    private async Task<DateTimeOffset> CreatePartitionAsync(
        DateTimeOffset instant,
        string width,
        CancellationToken cancellationToken
    ) => (DateTime)(await ExecuteAsync("SELECT create_runs_partition($1, $2)", instant, cancellationToken, width))!;

    // Lists skip the partitions whose starts are known (RunStartRanges).
    private async Task RecordStartsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        while (await ExecuteAsync("SELECT watch_run_starts($1)", before, cancellationToken) is true) { }

        await RepeatAsync("SELECT complete_run_starts()", cancellationToken);
    }

    // If both clocks jump ahead, the newest run limits the time that is used.
    private async Task DetachAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var quarter = database.CreateCommand(NewestQuarter);
        if (await quarter.ExecuteScalarAsync(cancellationToken) is not Guid first)
        {
            return;
        }

        await using var newest = database.CreateCommand(options.Distributed ? NewestDistributedRun : NewestRun);
        newest.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = first });
        if (await newest.ExecuteScalarAsync(cancellationToken) is not DateTime created)
        {
            return;
        }

        DateTimeOffset latest = created + TimeSpan.FromDays(1);
        var before = (now < latest ? now : latest).AddMonths(-retention.Months);
        var width = partitions.Width == PartitionWidths.Automatic ? "quarter" : partitions.Width;
        foreach (var stray in await ReadStrayPeriodsAsync(before, width, cancellationToken))
        {
            await CreatePartitionAsync(stray, width, cancellationToken);
        }

        // One partition at a time, so that the locks are held only briefly.
        var total = 0;
        while (await ExecuteAsync("SELECT detach_runs_before($1)", before, cancellationToken) is int detached and > 0)
        {
            total += detached;
        }

        if (total > 0)
        {
            LogDetached(total, retention.Months);
        }
    }

    private async Task<List<DateTimeOffset>> ReadStrayPeriodsAsync(
        DateTimeOffset before,
        string width,
        CancellationToken cancellationToken
    )
    {
        var periods = new List<DateTimeOffset>();
        await using var command = database.CreateCommand(StrayPeriods);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = before.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = width });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            periods.Add(rows.GetFieldValue<DateTimeOffset>(0));
        }

        return periods;
    }

    // Without a complete archive of each detached partition, nothing is dropped.
    private async Task ArchiveAsync(CancellationToken cancellationToken)
    {
        if (retention.ArchiveFolder is not { Length: > 0 } folder)
        {
            return;
        }

        foreach (var partition in await ReadExpiredAsync(cancellationToken))
        {
            var written = await archive.WriteAsync(partition, folder, progress: null, cancellationToken);
            if (!written.TryGetValue(out var files, out var error))
            {
                throw new IOException(error.Message);
            }

            if (files.IsNew)
            {
                LogArchived(partition, files.Runs, files.Path);
            }
        }
    }

    private async Task<List<string>> ReadExpiredAsync(CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await using var command = database.CreateCommand(
            """
            SELECT suffix
            FROM expired_partitions
                CROSS JOIN LATERAL substring(name FROM '^runs_(.*)_expired$') AS suffix
            WHERE (partition_period(suffix)).first IS NOT NULL AND to_regclass(name) IS NOT NULL
            ORDER BY 1
            """
        );
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            names.Add(rows.GetString(0));
        }

        return names;
    }

    private async Task DropAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT drop_expired_runs()");
        if (await command.ExecuteScalarAsync(cancellationToken) is int dropped and > 0)
        {
            LogDropped(dropped);
        }
    }

    /// <summary>Runs a statement until it returns false, which means that there is nothing left to do.</summary>
    private async Task RepeatAsync(string statement, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(statement);
        while (await command.ExecuteScalarAsync(cancellationToken) is true) { }
    }

    // Purges in portions, so that no other transaction waits long for a lock.
    private async Task PurgeAsync(
        string table,
        string column,
        DateTimeOffset before,
        CancellationToken cancellationToken
    )
    {
        if (options.Distributed)
        {
            // Each node deletes its rows. Citus cannot limit their number.
            await using var delete = database.CreateCommand($"DELETE FROM {table} WHERE {column} < $1");
            delete.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = before.UtcDateTime });
            await delete.ExecuteNonQueryAsync(cancellationToken);
            return;
        }

        var from = DateTimeOffset.MinValue.UtcDateTime;
        for (var purged = (long)DeleteBatchSize; purged == DeleteBatchSize; )
        {
            await using var command = database.CreateCommand(PurgeStatement(table, column));
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = from });
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = before.UtcDateTime });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            purged = row.GetInt64(0);
            from = purged > 0 ? row.GetDateTime(1) : from;
        }
    }

    /// <summary>Runs a statement that locks tables. If it gets no lock, it is run again after a second.</summary>
    private async Task<object?> ExecuteAsync(
        string statement,
        DateTimeOffset instant,
        CancellationToken cancellationToken,
        string? width = null
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var command = database.CreateCommand(statement);
                command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = instant.UtcDateTime });
                if (width is not null)
                {
                    command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = width });
                }

                return await command.ExecuteScalarAsync(cancellationToken);
            }
            catch (PostgresException exception)
                when (exception.SqlState == PostgresErrorCodes.LockNotAvailable && attempt < MaxLockAttempts)
            {
                await Task.Delay(_pauseBetweenLockAttempts, clock, cancellationToken);
            }
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Detached {Count} partitions of runs older than {Months} months; they are dropped in a day "
            + "(SELECT attach_expired_runs('2023q4') attaches a period again)"
    )]
    private partial void LogDetached(int count, int months);

    [LoggerMessage(Level = LogLevel.Information, Message = "Archived {Quarter} with {Runs} runs in {Path}")]
    private partial void LogArchived(string quarter, long runs, string path);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Dropped {Count} partitions that were detached more than a day ago"
    )]
    private partial void LogDropped(int count);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Retention drops nothing: the service's clock ({ServiceNow:O}) and the database's ({DatabaseNow:O}) "
            + "differ by more than an hour. Correct the wrong one."
    )]
    private partial void LogClocksDiffer(DateTimeOffset serviceNow, DateTimeOffset databaseNow);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Database maintenance could not {Step}; the other steps continue, and all steps run again in a minute"
    )]
    private partial void LogStepFailed(Exception exception, string step);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Database maintenance failed; it runs again in a minute")]
    private partial void LogFailure(Exception exception);
}
