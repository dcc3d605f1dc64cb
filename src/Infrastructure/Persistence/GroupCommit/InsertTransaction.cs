using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>Commits any number of new runs with one statement per table.</summary>
/// <param name="database">The pool for commits.</param>
/// <param name="readsPosition">True to read the position of each commit.</param>
internal sealed class InsertTransaction(NpgsqlDataSource database, bool readsPosition)
{
    // The number of batches after a conflict that claim their keys first. A client that repeats requests often does so
    // for some time, and a batch that fails costs as much as one that succeeds.
    private const int ClaimsAfterConflict = 32;

    private int _claims;

    /// <summary>
    /// Commits a batch. If the idempotency key of a run is used, nothing of the run is stored and
    /// <see cref="PendingInsert.IsFirst"/> is false.
    /// </summary>
    public async Task CommitAsync(CommitAttempt<PendingInsert> attempt)
    {
        await using var connection = await database.OpenConnectionAsync();
        using var warnings = new CommitWarnings(connection);
        var keyed = Keyed(attempt.Writes);
        if (keyed.Count == 0 || !IsConflictLikely())
        {
            try
            {
                await InsertAsync(attempt, keyed, connection);
                warnings.ThrowIfIncomplete();
                return;
            }
            catch (PostgresException exception) when (exception.ConstraintName == RunBulkInsert.KeysConstraint)
            {
                attempt.NoteRollback();
                Volatile.Write(ref _claims, ClaimsAfterConflict);
            }
        }

        await ClaimAndInsertAsync(attempt, keyed, connection);
        warnings.ThrowIfIncomplete();
    }

    private static List<PendingInsert> Keyed(IReadOnlyList<PendingInsert> insertions)
    {
        var keyed = new List<PendingInsert>();
        foreach (var insertion in insertions)
        {
            if (insertion.Key is not null)
            {
                keyed.Add(insertion);
            }
        }

        return keyed;
    }

    private bool IsConflictLikely() => Volatile.Read(ref _claims) > 0 && Interlocked.Decrement(ref _claims) >= 0;

    // Keys are usually unused. The batch is an implicit transaction, which ends with the last statement. It fails as a
    // whole if a key is used.
    private async Task InsertAsync(
        CommitAttempt<PendingInsert> attempt,
        List<PendingInsert> keyed,
        NpgsqlConnection connection
    )
    {
        await using var batch = new NpgsqlBatch(connection);
        if (keyed.Count > 0)
        {
            RunBulkInsert.AddKeys(batch, keyed, returnsFree: false);
            keyed.ForEach(i => i.IsFirst = true);
        }

        attempt.RunsAdded = attempt.Writes.Count;
        RunBulkInsert.Add(batch, [.. attempt.Writes.Select(i => i.Run)], new RunCountDeltas(attempt.Shard));
        await ExecuteAsync(attempt, batch);
    }

    private async Task ClaimAndInsertAsync(
        CommitAttempt<PendingInsert> attempt,
        List<PendingInsert> keyed,
        NpgsqlConnection connection
    )
    {
        await using (var claim = new NpgsqlBatch(connection))
        {
            claim.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN"));
            RunBulkInsert.AddKeys(claim, keyed, returnsFree: true);
            var free = new HashSet<Guid>(keyed.Count);
            await using (var rows = await claim.ExecuteReaderAsync())
            {
                while (await rows.ReadAsync())
                {
                    free.Add(rows.GetGuid(0));
                }
            }

            foreach (var insertion in keyed)
            {
                insertion.IsFirst = free.Contains(insertion.Run.Id.Value);
            }
        }

        await using var batch = new NpgsqlBatch(connection);
        Run[] added = [.. attempt.Writes.Where(i => i.IsFirst).Select(i => i.Run)];
        attempt.RunsAdded = added.Length;
        RunBulkInsert.Add(batch, added, new RunCountDeltas(attempt.Shard));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await ExecuteAsync(attempt, batch);
    }

    private async Task ExecuteAsync(CommitAttempt<PendingInsert> attempt, NpgsqlBatch batch)
    {
        attempt.BeginCommit();
        if (readsPosition)
        {
            attempt.Position = await CommitPosition.ExecuteAsync(batch, CancellationToken.None);
        }
        else
        {
            await batch.ExecuteNonQueryAsync();
        }
    }
}
