using Npgsql;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>
/// The exception that is thrown when a write was not committed. Nothing of the write was stored. The cause is the inner
/// exception.
/// </summary>
internal sealed class NotCommittedException(Exception cause) : Exception("The write was not committed.", cause);

/// <summary>
/// The exception that is thrown when a commit was sent, but was not confirmed or was confirmed without the usual
/// guarantees.
/// </summary>
internal sealed class CommitOutcomeUnknownException(string message, Exception? cause = null)
    : Exception(message, cause);

/// <summary>
/// The exception that is thrown when a change could not be applied. The cause is the inner exception.
/// </summary>
/// <param name="change">The change that failed. The other changes of its batch are not affected.</param>
/// <param name="cause">The exception that the change threw.</param>
internal sealed class DecisionFailedException(PendingUpdate change, Exception cause)
    : Exception("A change could not be decided.", cause)
{
    public PendingUpdate Change => change;
}

/// <summary>Classifies the exceptions that end a batch.</summary>
internal static class CommitFailures
{
    /// <summary>
    /// Returns true if the batch waited longer than <c>lock_timeout</c> for a lock that another transaction held.
    /// </summary>
    public static bool IsLockTimeout(Exception exception) =>
        Find(exception)?.SqlState == PostgresErrorCodes.LockNotAvailable;

    /// <summary>
    /// Returns true if a row of the batch is invalid (SQLSTATE classes 21, 22, 23, 54 and P0). The batch is then split,
    /// so that only the write with that row fails.
    /// </summary>
    public static bool IsCausedByContent(Exception exception) =>
        Find(exception)?.SqlState[..2] is "21" or "22" or "23" or "54" or "P0";

    /// <summary>
    /// Returns true if the same batch may succeed when it is repeated, after a serialization failure, a deadlock or a
    /// canceled statement. PostgreSQL has rolled the batch back.
    /// </summary>
    public static bool IsTransient(Exception exception) =>
        Find(exception)?.SqlState
            is PostgresErrorCodes.SerializationFailure
                or PostgresErrorCodes.DeadlockDetected
                or PostgresErrorCodes.QueryCanceled;

    /// <summary>
    /// Returns true if PostgreSQL reported an error of the statement and thus rolled the transaction back. A fatal
    /// error ends the session, and may occur after the commit (for example, during the wait for a synchronous standby).
    /// The coordinator of a Citus cluster reports a lost connection to a node (SQLSTATE class 08), which may have
    /// committed.
    /// </summary>
    public static bool IsRolledBack(Exception exception) =>
        Find(exception)
            is { InvariantSeverity: "ERROR", SqlState: not PostgresErrorCodes.StatementCompletionUnknown } error
        && (
            !error.SqlState.StartsWith("08", StringComparison.Ordinal)
            || error.SqlState == PostgresErrorCodes.ProtocolViolation
        );

    /// <summary>
    /// Returns the error that PostgreSQL reported; null if the exception has another cause. EF Core wraps such errors.
    /// </summary>
    public static PostgresException? Find(Exception exception)
    {
        for (var current = exception; current is not null; current = current.InnerException)
        {
            if (current is PostgresException postgres)
            {
                return postgres;
            }
        }

        return null;
    }
}
