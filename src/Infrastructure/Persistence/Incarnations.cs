using IndustryData.Application.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Knows the stretches of the database's life. After a restore, transactions' numbers begin anew or go back, and changes that somebody has read
/// are gone: a place from before must not be taken for one of now.
/// </summary>
internal static class Incarnations
{
    private const long Lock = 0x496E_6361_726E_6174;

    private const string Present =
        """
        SELECT
            (SELECT system_identifier FROM pg_control_system()) || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || 'runs'::regclass::oid AS cluster,
            left(pg_walfile_name(pg_current_wal_lsn()), 8) AS timeline,
            pg_postmaster_start_time() AS server_started
        """;

    /// <summary>Notes that a new incarnation has begun, if one has. Before it is noted nothing should be written.</summary>
    public static async Task NoteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var known = new NpgsqlCommand(
            $"""
            SELECT (newest.cluster, newest.timeline, newest.server_started) = (present.cluster, present.timeline, present.server_started)
            FROM (SELECT * FROM incarnations ORDER BY number DESC LIMIT 1) AS newest, ({Present}) AS present
            """,
            connection);
        if (await known.ExecuteScalarAsync(cancellationToken) is true)
        {
            return;
        }

        // Where numbers can have begun anew, they are moved on above all that are stored, which costs one look at every run.
        await using var note = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand($"SELECT pg_advisory_xact_lock({Lock})"),
                new NpgsqlBatchCommand(
                    $"""
                    WITH present AS ({Present}), newest AS (SELECT * FROM incarnations ORDER BY number DESC LIMIT 1), moved AS (
                        SELECT CASE
                            WHEN newest.cluster = present.cluster THEN newest.change_offset
                            ELSE greatest(
                                coalesce(newest.change_offset, 0),
                                1 - pg_current_xact_id()::text::bigint + greatest((SELECT max(change_number) FROM runs), (SELECT max(change_number) FROM run_deletions), 0))
                            END AS change_offset
                        FROM present LEFT JOIN newest ON TRUE)
                    INSERT INTO incarnations (id, cluster, timeline, server_started, begun, change_offset)
                    SELECT gen_random_uuid(), present.cluster, present.timeline, present.server_started, pg_current_xact_id()::text::bigint + moved.change_offset, moved.change_offset
                    FROM present CROSS JOIN moved LEFT JOIN newest ON TRUE
                    WHERE newest.number IS NULL
                        OR (newest.cluster, newest.timeline, newest.server_started) <> (present.cluster, present.timeline, present.server_started)
                    """),
            },
        };
        await note.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Reads how the numbers stand.</summary>
    public static async Task<ChangeClock> ReadClockAsync(NpgsqlConnection connection, ChangePlace? place, CancellationToken cancellationToken)
    {
        await NoteAsync(connection, cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT newest.id, now(), change_number(pg_snapshot_xmin(pg_current_snapshot())), change_number(pg_snapshot_xmax(pg_current_snapshot())),
                EXISTS (
                    SELECT FROM incarnations AS named
                    WHERE named.id = $1 AND NOT EXISTS (
                        SELECT FROM incarnations AS later
                        WHERE later.number > named.number AND (later.cluster <> named.cluster OR later.timeline <> named.timeline OR later.begun < $2)))
            FROM (SELECT * FROM incarnations ORDER BY number DESC LIMIT 1) AS newest
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = place?.Incarnation ?? Guid.Empty });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Math.Max(place?.From ?? 0, place?.Walk?.Until ?? 0) });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var (settled, next) = (row.GetInt64(2), row.GetInt64(3));
        return new ChangeClock(row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), settled, next, row.GetBoolean(4) && (place?.From ?? 0) <= next);
    }
}
