using Npgsql;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>
/// Detects that PostgreSQL reports a commit as successful although its wait for the synchronous standby was canceled.
/// </summary>
internal sealed class StandbyWait : IDisposable
{
    // The C function that sends the warning (src/backend/replication/syncrep.c). Its name is not translated, unlike the
    // text of the warning.
    private const string Routine = "SyncRepWaitForLSN";

    private readonly NpgsqlConnection _connection;
    private volatile bool _wasCanceled;

    public StandbyWait(NpgsqlConnection connection)
    {
        _connection = connection;
        _connection.Notice += Look;
    }

    /// <summary>Checks the commit that has just succeeded.</summary>
    /// <exception cref="CommitOutcomeUnknownException">The standby may not have the commit.</exception>
    public void ThrowIfCanceled()
    {
        if (_wasCanceled)
        {
            throw new CommitOutcomeUnknownException("The wait for the synchronous standby was canceled.");
        }
    }

    public void Dispose() => _connection.Notice -= Look;

    private void Look(object sender, NpgsqlNoticeEventArgs received) =>
        _wasCanceled |= received.Notice.Routine == Routine;
}
