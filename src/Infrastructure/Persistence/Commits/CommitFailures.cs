using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Commits;

/// <summary>
/// A write was not committed, and certainly nothing of it was stored. The cause is the inner exception.
/// </summary>
internal sealed class NotCommittedException(Exception cause) : Exception("The write was not committed.", cause);

/// <summary>A commit was sent and no answer came, or the answer does not promise what a success promises.</summary>
internal sealed class CommitOutcomeUnknownException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>A change could not be decided. The cause is the inner exception.</summary>
/// <param name="change">The change that failed. The others of its batch are not affected.</param>
/// <param name="cause">What it failed with.</param>
internal sealed class DecisionFailedException(PendingUpdate change, Exception cause) : Exception("A change could not be decided.", cause)
{
    public PendingUpdate Change => change;
}

/// <summary>What an exception says about the batch that it ended.</summary>
internal static class CommitFailures
{
    /// <summary>
    /// Another transaction holds a lock that the batch needs, and kept it longer than <c>lock_timeout</c>.
    /// </summary>
    public static bool IsLockTimeout(Exception exception) => Find(exception)?.SqlState == PostgresErrorCodes.LockNotAvailable;

    /// <summary>
    /// A row of the batch is bad (SQLSTATE classes 21, 22, 23, 54 and P0): the batch is split so that only the offender
    /// fails.
    /// </summary>
    public static bool IsCausedByContent(Exception exception) => Find(exception)?.SqlState[..2] is "21" or "22" or "23" or "54" or "P0";

    /// <summary>
    /// The same batch may succeed when it is repeated: serialization failure, deadlock, canceled statement. PostgreSQL
    /// has rolled it back.
    /// </summary>
    public static bool IsTransient(Exception exception) =>
        Find(exception)?.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.QueryCanceled;

    /// <summary>
    /// PostgreSQL reported an error of the statement, and so has rolled the transaction back. A fatal error ends the
    /// session, and may come after the commit (for example while it waits for a synchronous standby).
    /// </summary>
    public static bool IsRolledBack(Exception exception) =>
        Find(exception) is { InvariantSeverity: "ERROR", SqlState: not PostgresErrorCodes.StatementCompletionUnknown };

    /// <summary>
    /// The error that PostgreSQL reported; null when the exception is about something else. EF Core wraps such errors.
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
