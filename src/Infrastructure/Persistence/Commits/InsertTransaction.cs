using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Commits;

/// <summary>Commits new runs, however many, with one statement per table.</summary>
internal static class InsertTransaction
{
    /// <summary>
    /// Commits a batch. Of a run whose idempotency key is taken nothing is stored, and <see cref="Insertion.IsFirst"/>
    /// is false.
    /// </summary>
    public static async Task CommitAsync(CommitAttempt<Insertion> attempt, NpgsqlDataSource database)
    {
        await using var connection = await database.OpenConnectionAsync();
        using var standby = new StandbyWait(connection);
        await using var batch = new NpgsqlBatch(connection);
        var hasKeys = await ClaimKeysAsync(attempt.Writes, connection);
        var runs = new List<Run>(attempt.Writes.Count);
        foreach (var insertion in attempt.Writes)
        {
            if (insertion.IsFirst)
            {
                runs.Add(insertion.Run);
            }
        }

        Add(batch, runs, new RunCountDeltas(attempt.Shard));
        if (hasKeys)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        }

        // Without keys the batch is a transaction by itself, which ends with its last statement.
        attempt.BeginCommit();
        await batch.ExecuteNonQueryAsync();
        standby.ThrowIfCanceled();
    }

    /// <summary>Adds the statements that insert runs and count them.</summary>
    public static void Add(NpgsqlBatch batch, IReadOnlyList<Run> runs, RunCountDeltas counts)
    {
        foreach (var run in runs)
        {
            counts.Add(run, run.Status, 1);
        }

        RunInserts.Add(batch, runs);
        counts.Add(batch);
    }

    /// <summary>Begins a transaction and claims the idempotency keys of the batch.</summary>
    /// <returns>False when the batch has no keys; then no transaction was begun.</returns>
    private static async Task<bool> ClaimKeysAsync(IReadOnlyList<Insertion> insertions, NpgsqlConnection connection)
    {
        List<Insertion>? keyed = null;
        foreach (var insertion in insertions)
        {
            if (insertion.Key is not null)
            {
                (keyed ??= []).Add(insertion);
            }
        }

        if (keyed is null)
        {
            return false;
        }

        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN"));
        RunInserts.AddKeys(batch, keyed);
        var claimed = new HashSet<Guid>(keyed.Count);
        await using (var rows = await batch.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                claimed.Add(rows.GetGuid(0));
            }
        }

        foreach (var insertion in keyed)
        {
            insertion.IsFirst = claimed.Contains(insertion.Run.Id.Value);
        }

        return true;
    }
}
