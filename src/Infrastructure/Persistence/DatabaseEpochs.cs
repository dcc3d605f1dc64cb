using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Records the epochs of the database and reads its change numbers. After a restore, transaction numbers start again or
/// go back, and changes that a client has read may no longer exist. A delta token from before the restore is then
/// invalid.
/// </summary>
internal static class DatabaseEpochs
{
    private const long Lock = 0x496E_6361_726E_6174;

    // A server in recovery has no write position. The WAL that it replays includes the epochs of its primary.
    private const string CurrentServerIdentitySql = """
        SELECT
            (SELECT system_identifier FROM pg_control_system())
                || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
                || '/' || 'runs'::regclass::oid AS cluster,
            CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline,
            pg_postmaster_start_time() AS server_started
        """;

    // A server in recovery records nothing. Its newest epoch is the one that it has replayed.
    private const string IsCurrent = """
        (pg_is_in_recovery()
            OR (newest.cluster, newest.timeline, newest.server_started)
                IS NOT DISTINCT FROM (present.cluster, present.timeline, present.server_started))
        """;

    // The highest change number of all tenants. It takes two index lookups for each tenant, not a scan of all runs.
    private const string MaxStoredNumber = """
        WITH RECURSIVE tenants AS (
            SELECT (SELECT tenant_id FROM runs ORDER BY tenant_id LIMIT 1) AS tenant_id
            UNION ALL
            SELECT (SELECT tenant_id FROM runs WHERE runs.tenant_id > tenants.tenant_id ORDER BY tenant_id LIMIT 1)
            FROM tenants WHERE tenants.tenant_id IS NOT NULL)
        SELECT greatest(
            (SELECT max((SELECT max(change_number) FROM runs WHERE runs.tenant_id = tenants.tenant_id)) FROM tenants),
            (SELECT max(change_number) FROM run_tombstones),
            (SELECT max(change_number) FROM outdated_run_hours),
            (SELECT max(change_number) FROM run_hour_progress),
            0)
        """;

    /// <summary>
    /// Determines whether the database was restored from a dump and has no epoch for this yet.
    /// <see cref="EnsureCurrentAsync"/> then reads the change numbers of every tenant, which may take minutes.
    /// </summary>
    /// <param name="connection">An open connection to a database that has the schema.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>
    /// True if the newest epoch is that of another server, database or table. False on a server in recovery.
    /// </returns>
    public static async Task<bool> NeedsRestoreAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT NOT pg_is_in_recovery() AND newest.cluster <> present.cluster
            FROM ({CurrentServerIdentitySql}) AS present
            LEFT JOIN (SELECT * FROM database_epochs ORDER BY number DESC LIMIT 1) AS newest ON TRUE
            """,
            connection
        );
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>
    /// Inserts an epoch if the server was started, promoted or restored since the newest epoch. It has to run before
    /// anything is written. The insert has no command timeout. On a server in recovery nothing is inserted: the newest
    /// replicated epoch is the current one.
    /// </summary>
    public static async Task EnsureCurrentAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var known = new NpgsqlCommand(
            $"""
            SELECT {IsCurrent}
            FROM ({CurrentServerIdentitySql}) AS present
            LEFT JOIN (SELECT * FROM database_epochs ORDER BY number DESC LIMIT 1) AS newest ON TRUE
            """,
            connection
        );
        if (await known.ExecuteScalarAsync(cancellationToken) is true)
        {
            return;
        }

        // The insert does not wait for a synchronous standby, because reads need the row while the standby is
        // unavailable. If this server is lost instead, the promoted standby has another timeline and inserts its own
        // row. A token with the id of the lost row is refused.
        //
        // If transaction numbers start again from a lower number, the offset moves change numbers above all stored
        // ones.
        await using var note = new NpgsqlBatch(connection)
        {
            Timeout = 0,
            BatchCommands =
            {
                new NpgsqlBatchCommand("SELECT set_config('synchronous_commit', 'local', true)"),
                new NpgsqlBatchCommand($"SELECT pg_advisory_xact_lock({Lock})"),
                new NpgsqlBatchCommand(
                    $"""
                    WITH present AS ({CurrentServerIdentitySql}),
                        newest AS (SELECT * FROM database_epochs ORDER BY number DESC LIMIT 1),
                        moved AS (
                            SELECT CASE
                                WHEN newest.cluster = present.cluster THEN newest.change_offset
                                ELSE greatest(
                                    coalesce(newest.change_offset, 0),
                                    1 - pg_current_xact_id()::text::bigint + ({MaxStoredNumber}))
                                END AS change_offset
                            FROM present LEFT JOIN newest ON TRUE)
                    INSERT INTO database_epochs (
                        id, cluster, timeline, server_started, first_change_number, change_offset)
                    SELECT gen_random_uuid(), present.cluster, present.timeline, present.server_started,
                        pg_current_xact_id()::text::bigint + moved.change_offset, moved.change_offset
                    FROM present CROSS JOIN moved LEFT JOIN newest ON TRUE
                    WHERE newest.number IS NULL
                        OR (newest.cluster, newest.timeline, newest.server_started)
                            <> (present.cluster, present.timeline, present.server_started)
                    """
                ),
            },
        };
        await note.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Reads the current change numbers of a tenant.</summary>
    /// <returns>The change numbers; null if the epoch of the database is not recorded yet.</returns>
    public static async Task<ChangeHorizon?> ReadClockAsync(ReadSession session, TenantId tenantId, DeltaCursor? place)
    {
        // One statement reads the snapshot and the maxima, so that they belong to the same moment. After a crash, the
        // server may reuse the numbers of transactions that left nothing on disk. It does not reuse a number at or
        // below that of a committed change, because that change is on disk (ADR 9).
        var clock = new NpgsqlBatchCommand(
            $"""
            SELECT coalesce(newest.id, '00000000-0000-0000-0000-000000000000'), now(), clock.settled, clock.next,
                stored.last,
                EXISTS (
                    SELECT FROM database_epochs AS named
                    WHERE named.id = $1 AND NOT EXISTS (
                        SELECT FROM database_epochs AS later
                        WHERE later.number > named.number
                            AND (later.cluster <> named.cluster
                                OR later.timeline <> named.timeline
                                OR later.first_change_number < $2))),
                {IsCurrent}
            FROM (
                SELECT
                    change_number(pg_snapshot_xmin(pg_current_snapshot())) AS settled,
                    change_number(pg_snapshot_xmax(pg_current_snapshot())) AS next) AS clock
            CROSS JOIN (
                SELECT coalesce(
                    greatest(
                        (SELECT max(change_number) FROM runs WHERE tenant_id = $3),
                        (SELECT max(change_number) FROM run_tombstones WHERE tenant_id = $3)),
                    0) AS last) AS stored
            CROSS JOIN ({CurrentServerIdentitySql}) AS present
            LEFT JOIN (SELECT * FROM database_epochs ORDER BY number DESC LIMIT 1) AS newest ON TRUE
            """
        )
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = place?.Epoch ?? Guid.Empty },
                new NpgsqlParameter<long>
                {
                    TypedValue = Math.Max(place?.LowWatermark ?? 0, place?.Scan?.UpperBound ?? 0),
                },
                new NpgsqlParameter<Guid> { TypedValue = tenantId.Value },
            },
        };
        await session.ExecuteAsync(clock, maxRows: 1);
        await session.ReadAsync();
        var row = session.Row;
        if (!row.GetBoolean(6))
        {
            return null;
        }

        var (settled, next, last) = (row.GetInt64(2), row.GetInt64(3), row.GetInt64(4));
        return new ChangeHorizon(
            row.GetGuid(0),
            row.GetFieldValue<DateTimeOffset>(1),
            From: Math.Min(settled, last + 1),
            settled,
            next,
            last,
            CursorIsValid: row.GetBoolean(5) && (place?.LowWatermark ?? 0) <= next
        );
    }
}
