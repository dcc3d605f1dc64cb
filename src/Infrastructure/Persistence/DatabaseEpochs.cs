using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Knows the stretches of the database's life. After a restore, transactions' numbers start again or go back, and
/// changes that somebody has read are gone: a place from before must not be taken for one of now.
/// </summary>
internal static class DatabaseEpochs
{
    private const long Lock = 0x496E_6361_726E_6174;

    // A server in recovery has no write position, and what it replays includes the epochs of its primary.
    private const string CurrentServerIdentitySql = """
        SELECT
            (SELECT system_identifier FROM pg_control_system()) || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || 'runs'::regclass::oid AS cluster,
            CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline,
            pg_postmaster_start_time() AS server_started
        """;

    // The highest number of all tenants, by two steps in an index for each tenant instead of a scan of every run.
    private const string MaxStoredNumber = """
        WITH RECURSIVE tenants AS (
            SELECT (SELECT tenant_id FROM runs ORDER BY tenant_id LIMIT 1) AS tenant_id
            UNION ALL
            SELECT (SELECT tenant_id FROM runs WHERE runs.tenant_id > tenants.tenant_id ORDER BY tenant_id LIMIT 1)
            FROM tenants WHERE tenants.tenant_id IS NOT NULL)
        SELECT greatest(
            (SELECT max((SELECT max(change_number) FROM runs WHERE runs.tenant_id = tenants.tenant_id)) FROM tenants),
            (SELECT max(change_number) FROM run_deletions),
            0)
        """;

    /// <summary>
    /// Whether the database was restored from a dump and this was not noted yet. <see cref="EnsureCurrentAsync"/> then
    /// reads the numbers of every tenant, which may take minutes. False on a server in recovery.
    /// </summary>
    /// <param name="connection">An open connection to a database that has the schema.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<bool> NeedsRestoreAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT NOT pg_is_in_recovery() AND newest.cluster <> present.cluster
            FROM ({CurrentServerIdentitySql}) AS present LEFT JOIN (SELECT * FROM incarnations ORDER BY number DESC LIMIT 1) AS newest ON TRUE
            """,
            connection
        );
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>
    /// Inserts an epoch if the server was started, promoted or restored. Nothing should be written before. There is no
    /// command timeout.
    /// On a server in recovery nothing is noted: there the newest epoch that was replicated counts.
    /// </summary>
    public static async Task EnsureCurrentAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var known = new NpgsqlCommand(
            $"""
            SELECT pg_is_in_recovery()
                OR (newest.cluster, newest.timeline, newest.server_started) IS NOT DISTINCT FROM (present.cluster, present.timeline, present.server_started)
            FROM ({CurrentServerIdentitySql}) AS present LEFT JOIN (SELECT * FROM incarnations ORDER BY number DESC LIMIT 1) AS newest ON TRUE
            """,
            connection
        );
        if (await known.ExecuteScalarAsync(cancellationToken) is true)
        {
            return;
        }

        // It does not wait for a synchronous standby: reads need the row while that is away. When this server is lost
        // instead, the promoted one has another timeline and so a row of its own, and a token that names the lost row
        // is refused.
        //
        // Where transactions are numbered from a lower number again, numbers are moved on above all that are stored.
        await using var note = new NpgsqlBatch(connection)
        {
            Timeout = 0,
            BatchCommands =
            {
                new NpgsqlBatchCommand("SELECT set_config('synchronous_commit', 'local', true)"),
                new NpgsqlBatchCommand($"SELECT pg_advisory_xact_lock({Lock})"),
                new NpgsqlBatchCommand(
                    $"""
                    WITH present AS ({CurrentServerIdentitySql}), newest AS (SELECT * FROM incarnations ORDER BY number DESC LIMIT 1), moved AS (
                        SELECT CASE
                            WHEN newest.cluster = present.cluster THEN newest.change_offset
                            ELSE greatest(
                                coalesce(newest.change_offset, 0),
                                1 - pg_current_xact_id()::text::bigint + ({MaxStoredNumber}))
                            END AS change_offset
                        FROM present LEFT JOIN newest ON TRUE)
                    INSERT INTO incarnations (id, cluster, timeline, server_started, begun, change_offset)
                    SELECT gen_random_uuid(), present.cluster, present.timeline, present.server_started, pg_current_xact_id()::text::bigint + moved.change_offset, moved.change_offset
                    FROM present CROSS JOIN moved LEFT JOIN newest ON TRUE
                    WHERE newest.number IS NULL
                        OR (newest.cluster, newest.timeline, newest.server_started) <> (present.cluster, present.timeline, present.server_started)
                    """
                ),
            },
        };
        await note.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Reads how the numbers of a tenant's changes stand.</summary>
    public static async Task<ChangeHorizon> ReadClockAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        DeltaCursor? place,
        CancellationToken cancellationToken
    )
    {
        await EnsureCurrentAsync(connection, cancellationToken);

        // One statement, so that snapshot and maxima are of one moment. A crash of the server may lose numbers of
        // transactions that wrote nothing and hand them out again, but none below a change that is committed, and so on
        // disk (ADR 9).
        await using var command = new NpgsqlCommand(
            """
            SELECT coalesce(newest.id, '00000000-0000-0000-0000-000000000000'), now(), clock.settled, clock.next,
                least(
                    clock.settled,
                    1 + coalesce(
                        greatest(
                            (SELECT max(change_number) FROM runs WHERE tenant_id = $3),
                            (SELECT max(change_number) FROM run_deletions WHERE tenant_id = $3)),
                        0)),
                EXISTS (
                    SELECT FROM incarnations AS named
                    WHERE named.id = $1 AND NOT EXISTS (
                        SELECT FROM incarnations AS later
                        WHERE later.number > named.number AND (later.cluster <> named.cluster OR later.timeline <> named.timeline OR later.begun < $2)))
            FROM (
                SELECT change_number(pg_snapshot_xmin(pg_current_snapshot())) AS settled, change_number(pg_snapshot_xmax(pg_current_snapshot())) AS next) AS clock
            LEFT JOIN (SELECT * FROM incarnations ORDER BY number DESC LIMIT 1) AS newest ON TRUE
            """,
            connection
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = place?.Epoch ?? Guid.Empty });
        command.Parameters.Add(
            new NpgsqlParameter<long> { TypedValue = Math.Max(place?.LowWatermark ?? 0, place?.Scan?.UpperBound ?? 0) }
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var (settled, next) = (row.GetInt64(2), row.GetInt64(3));
        return new ChangeHorizon(
            row.GetGuid(0),
            row.GetFieldValue<DateTimeOffset>(1),
            From: row.GetInt64(4),
            settled,
            next,
            CursorIsValid: row.GetBoolean(5) && (place?.LowWatermark ?? 0) <= next
        );
    }
}
