using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.GroupCommit;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Stores many new runs with COPY. The sessions are those of the owner, because PostgreSQL does not allow COPY into a
/// table whose row-level security applies to the role.
/// </summary>
internal sealed class RunImport(
    [FromKeyedServices(DataSources.Maintenance)] NpgsqlDataSource database,
    PartitionOptions partitions
) : IRunImport
{
    private const string PortionsConstraint = "pk_imported_portions";

    // Requests begin with the first shards, so that an import rarely waits for the counters of requests.
    private const short Shard = RunCountDeltas.Shards - 1;

    // All runs of the portion have the number of the transaction, which this statement assigns if none did before.
    private const string ChangeNumber = "SELECT change_number(pg_current_xact_id())";

    // An expired key is free. The keys are in the order in which other transactions insert keys.
    private const string ClaimKeys = """
        INSERT INTO idempotency_records AS records (
            tenant_id, key_hash, request_fingerprint, resource_id, return_representation, created_date_time)
        SELECT $1, key_hash, request_fingerprint, resource_id, false, $2
        FROM unnest($3, $4, $5) AS keys (key_hash, request_fingerprint, resource_id)
        ON CONFLICT (tenant_id, key_hash) DO UPDATE
        SET request_fingerprint = excluded.request_fingerprint,
            resource_id = excluded.resource_id,
            return_representation = excluded.return_representation,
            created_date_time = excluded.created_date_time
        WHERE records.created_date_time <= $6
        RETURNING key_hash
        """;

    private const string UsedKeys = """
        SELECT key_hash, request_fingerprint FROM idempotency_records WHERE tenant_id = $1 AND key_hash = ANY ($2)
        """;

    private const string Record = """
        INSERT INTO imported_portions (tenant_id, last_line_key, lines, refused, imported_date_time)
        VALUES ($1, $2, $3, $4, $5)
        """;

    private static readonly string _copyRuns =
        $"COPY runs ({string.Join(", ", RunTable.Columns.Select(c => c.Name))}, change_number) "
        + "FROM STDIN (FORMAT binary)";

    private const string CopyActivities = """
        COPY run_activities (tenant_id, run_id, id, type, display_name, status, blocking_error, activity)
        FROM STDIN (FORMAT binary)
        """;

    private bool _hasPartition;

    public async Task<Result<KeyedOutcome>> AddAsync(
        TenantId tenantId,
        IReadOnlyList<KeyedRun> runs,
        ImportPortion portion,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await DatabaseEpochs.EnsureCurrentAsync(connection, cancellationToken);
        await EnsurePartitionAsync(connection, now, cancellationToken);
        using var warnings = new CommitWarnings(connection);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var keys = await ClaimKeysAsync(connection, tenantId, runs, now, cancellationToken);
        Run[] added = keys.Unused is { } unused
            ? [.. runs.Where((_, i) => unused.Contains(i)).Select(r => r.Run)]
            : [.. runs.Select(r => r.Run)];
        try
        {
            await RecordAsync(connection, tenantId, portion, keys.Outcome.Reused.Count, now, cancellationToken);
        }
        catch (PostgresException exception) when (exception.ConstraintName == PortionsConstraint)
        {
            return RunErrors.ImportedMeanwhile();
        }

        if (added.Length > 0)
        {
            await CopyAsync(connection, added, cancellationToken);
        }

        await transaction.CommitAsync(CancellationToken.None);
        warnings.ThrowIfIncomplete();
        return keys.Outcome;
    }

    public async Task<IReadOnlyList<ImportedLines>> FindAsync(
        TenantId tenantId,
        IReadOnlyList<Guid> lineKeys,
        CancellationToken cancellationToken
    )
    {
        await using var command = database.CreateCommand(
            "SELECT last_line_key, refused FROM imported_portions WHERE tenant_id = $1 AND last_line_key = ANY ($2)"
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. lineKeys] });
        var found = new List<ImportedLines>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            found.Add(new ImportedLines(rows.GetGuid(0), rows.GetInt32(1)));
        }

        return found;
    }

    // Maintenance creates the partitions, but no service may have run in this period yet. The many runs of an import
    // should not be moved from the default partition later.
    private async Task EnsurePartitionAsync(
        NpgsqlConnection connection,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        if (_hasPartition)
        {
            return;
        }

        var width = await PartitionWidths.ChooseAsync(connection, partitions, now, cancellationToken);
        await using var create = new NpgsqlCommand("SELECT create_runs_partition($1, $2)", connection);
        create.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        create.Parameters.Add(new NpgsqlParameter<string> { TypedValue = width });
        try
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // The default partition takes the runs.
        }

        _hasPartition = true;
    }

    /// <summary>Inserts the keys that are free.</summary>
    /// <returns>
    /// Unused has the positions of the runs to store; null if all of them are stored. Outcome has the others.
    /// </returns>
    private static async Task<(HashSet<int>? Unused, KeyedOutcome Outcome)> ClaimKeysAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        IReadOnlyList<KeyedRun> runs,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        // Of several lines with the same key, the first one uses it.
        var firsts = new SortedDictionary<Guid, int>();
        for (var i = 0; i < runs.Count; i++)
        {
            if (runs[i].Key is { } key)
            {
                firsts.TryAdd(IdempotencyRecord.HashOf(key.Value), i);
            }
        }

        if (firsts.Count == 0)
        {
            return (null, new KeyedOutcome(0, []));
        }

        var claimed = await ClaimAsync(connection, tenantId, runs, firsts, now, cancellationToken);
        Guid[] others = [.. firsts.Keys.Where(hash => !claimed.Contains(hash))];
        var used = await ReadFingerprintsAsync(connection, tenantId, others, cancellationToken);
        var (unused, repeated, reused) = (new HashSet<int>(), 0, new List<int>());
        for (var i = 0; i < runs.Count; i++)
        {
            if (runs[i].Key is not { } key)
            {
                unused.Add(i);
                continue;
            }

            var hash = IdempotencyRecord.HashOf(key.Value);
            var isClaimed = claimed.Contains(hash);
            var before = isClaimed ? runs[firsts[hash]].Key!.RequestFingerprint : used[hash];
            if (isClaimed && firsts[hash] == i)
            {
                unused.Add(i);
            }
            else if (before.Span.SequenceEqual(key.RequestFingerprint.Span))
            {
                repeated++;
            }
            else
            {
                reused.Add(i);
            }
        }

        return (unused, new KeyedOutcome(repeated, reused));
    }

    private static async Task<HashSet<Guid>> ClaimAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        IReadOnlyList<KeyedRun> runs,
        SortedDictionary<Guid, int> firsts,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var claim = new NpgsqlCommand(ClaimKeys, connection);
        claim.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        claim.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        claim.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. firsts.Keys] });
        claim.Parameters.Add(
            new NpgsqlParameter<byte[][]>
            {
                TypedValue = [.. firsts.Values.Select(i => runs[i].Key!.RequestFingerprint.ToArray())],
            }
        );
        claim.Parameters.Add(
            new NpgsqlParameter<Guid[]> { TypedValue = [.. firsts.Values.Select(i => runs[i].Run.Id.Value)] }
        );
        claim.Parameters.Add(
            new NpgsqlParameter<DateTime> { TypedValue = (now - IdempotencyKey.TimeToLive).UtcDateTime }
        );
        var claimed = new HashSet<Guid>(firsts.Count);
        await using var rows = await claim.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            claimed.Add(rows.GetGuid(0));
        }

        return claimed;
    }

    private static async Task<Dictionary<Guid, ReadOnlyMemory<byte>>> ReadFingerprintsAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        Guid[] hashes,
        CancellationToken cancellationToken
    )
    {
        var used = new Dictionary<Guid, ReadOnlyMemory<byte>>(hashes.Length);
        if (hashes.Length > 0)
        {
            await using var command = new NpgsqlCommand(UsedKeys, connection);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
            command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = hashes });
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                used[rows.GetGuid(0)] = rows.GetFieldValue<byte[]>(1);
            }
        }

        return used;
    }

    // The record comes before the runs: of two imports of the same file, the second one waits here.
    private static async Task RecordAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        ImportPortion portion,
        int reused,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var record = new NpgsqlCommand(Record, connection);
        record.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        record.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = portion.LastLineKey });
        record.Parameters.Add(new NpgsqlParameter<int> { TypedValue = portion.Lines });
        record.Parameters.Add(new NpgsqlParameter<int> { TypedValue = portion.Unreadable + reused });
        record.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        await record.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection,
        IReadOnlyList<Run> runs,
        CancellationToken cancellationToken
    )
    {
        await using var ask = new NpgsqlCommand(ChangeNumber, connection);
        var changeNumber = (long)(await ask.ExecuteScalarAsync(cancellationToken))!;
        var counts = new RunCountDeltas(Shard);
        await using (var copy = await connection.BeginBinaryImportAsync(_copyRuns, cancellationToken))
        {
            foreach (var run in runs)
            {
                copy.StartRow();
                foreach (var column in RunTable.Columns)
                {
                    column.Copy(copy, run);
                }

                copy.Write(changeNumber);
                counts.Add(run, run.Status, 1);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        if (runs.Any(r => r.Activities.Count > 0))
        {
            await using var copy = await connection.BeginBinaryImportAsync(CopyActivities, cancellationToken);
            foreach (var activity in runs.SelectMany(r => r.Activities))
            {
                copy.StartRow();
                copy.Write(activity.TenantId.Value);
                copy.Write(activity.RunId.Value);
                copy.Write(activity.Id.Value);
                copy.Write(activity.Type.Number);
                copy.Write(activity.DisplayName.Value);
                copy.Write(activity.Status.Number);
                copy.Write(activity.BlockingError?.Json, NpgsqlDbType.Json);
                copy.Write(activity.Activity?.Json, NpgsqlDbType.Json);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        // The counters come last, so that they are locked only for the commit.
        await using var batch = new NpgsqlBatch(connection);
        counts.Add(batch);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
