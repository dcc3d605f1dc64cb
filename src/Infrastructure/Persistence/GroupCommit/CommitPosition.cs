using IndustryData.Application.Common;
using Npgsql;
using NpgsqlTypes;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>Commits a batch and reads the position that includes it, in one round trip.</summary>
internal static class CommitPosition
{
    /// <summary>Executes a batch whose last command commits.</summary>
    /// <param name="batch">The batch. Its commands return no rows.</param>
    /// <param name="cancellationToken">Cancels the batch.</param>
    /// <returns>The position; null if the batch was committed and only the position could not be read.</returns>
    public static async Task<DatabasePosition?> ExecuteAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        // The barrier ends the transaction, so that the next command is executed after the commit. The commit was
        // flushed then, and whatever was flushed reaches the standbys without another commit.
        batch.BatchCommands[^1].AppendErrorBarrier = true;
        var position = new NpgsqlBatchCommand("SELECT pg_current_wal_flush_lsn()");
        batch.BatchCommands.Add(position);
        try
        {
            await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
            return await rows.ReadAsync(cancellationToken)
                ? new DatabasePosition((ulong)rows.GetFieldValue<NpgsqlLogSequenceNumber>(0))
                : null;
        }
        catch (PostgresException exception)
            when (exception is { InvariantSeverity: "ERROR" } && exception.BatchCommand == position)
        {
            return null;
        }
    }
}
