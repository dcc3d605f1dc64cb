using IndustryData.Infrastructure.Persistence.GroupCommit;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Distribution;

/// <summary>Commits any number of new runs in a distributed database.</summary>
/// <param name="database">The pool for commits.</param>
internal sealed class NodeInsertTransaction(NpgsqlDataSource database)
{
    /// <summary>
    /// Commits a batch. If the idempotency key of a run is used, nothing of the run is stored and
    /// <see cref="PendingInsert.IsFirst"/> is false.
    /// </summary>
    /// <param name="attempt">The batch. Its tenants should be on the same node.</param>
    public async Task CommitAsync(CommitAttempt<PendingInsert> attempt)
    {
        await using var connection = await database.OpenConnectionAsync();
        using var warnings = new CommitWarnings(connection);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { AddRunsFunction.Call(attempt.Writes, attempt.Shard) },
        };
        attempt.BeginCommit();
        HashSet<int> added;
        try
        {
            added = [.. (int[])(await batch.ExecuteScalarAsync())!];
        }
        catch (PostgresException)
        {
            await PreparedStatements.RemoveAsync(connection, transaction: null);
            throw;
        }

        for (var i = 0; i < attempt.Writes.Count; i++)
        {
            attempt.Writes[i].IsFirst = added.Contains(i + 1);
        }

        attempt.RunsAdded = added.Count;
        warnings.ThrowIfIncomplete();
    }
}
