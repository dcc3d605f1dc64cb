using System.Data;
using System.Data.Common;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The statements that Npgsql has prepared on a connection because they are used often.</summary>
/// <remarks>
/// A statement that is to be prepared can fail after it was parsed, for example because a partition is locked when the
/// statement is planned. Npgsql 10.0.3 then keeps it as a prepared statement without columns. When the statement is
/// used again, Npgsql fails if it returns rows. If it returns none, Npgsql skips it, and the reader gets the result of
/// the next statement of the batch in its place.
/// </remarks>
internal static class PreparedStatements
{
    /// <summary>Removes all prepared statements of a connection after one of its statements has failed.</summary>
    /// <param name="connection">The connection. Nothing happens if its session has ended.</param>
    /// <param name="transaction">
    /// The transaction of the statement, which is rolled back; null if the statement had no explicit transaction.
    /// </param>
    public static async Task RemoveAsync(NpgsqlConnection connection, DbTransaction? transaction)
    {
        if (connection.State != ConnectionState.Open)
        {
            return;
        }

        try
        {
            if (transaction is not null)
            {
                await RollBackAsync(transaction);
            }

            // Npgsql has no asynchronous form of this.
            await Task.Run(connection.UnprepareAll);
        }
        catch (Exception)
        {
            // The caller has a failure to report already. Npgsql closes a session that does not answer.
        }
    }

    private static async Task RollBackAsync(DbTransaction transaction)
    {
        try
        {
            await transaction.RollbackAsync();
        }
        catch (InvalidOperationException)
        {
            // The transaction has ended, because its commit has failed.
        }
    }
}
