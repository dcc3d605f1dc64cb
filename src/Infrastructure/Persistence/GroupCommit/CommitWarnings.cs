using Npgsql;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>
/// Detects that a commit is reported as successful although it may be incomplete: the wait for the synchronous standby
/// was canceled, or the coordinator of a Citus cluster lost the node that commits. Both are warnings.
/// </summary>
internal sealed class CommitWarnings : IDisposable
{
    // The C functions that send the warnings: src/backend/replication/syncrep.c of PostgreSQL, and
    // src/backend/distributed/transaction/remote_transaction.c of Citus. Their names are not translated, unlike the
    // texts of the warnings. Citus repeats a warning of a node under the name of its own function, so each of these
    // counts.
    private static readonly string[] _routines =
    [
        "SyncRepWaitForLSN",
        "FinishRemoteTransactionCommit",
        "DefaultCitusNoticeReceiver",
    ];

    private readonly NpgsqlConnection _connection;
    private volatile bool _isIncomplete;

    public CommitWarnings(NpgsqlConnection connection)
    {
        _connection = connection;
        _connection.Notice += Look;
    }

    /// <summary>Checks the commit that has just succeeded.</summary>
    /// <exception cref="CommitOutcomeUnknownException">The standby or the node may not have the commit.</exception>
    public void ThrowIfIncomplete()
    {
        if (_isIncomplete)
        {
            throw new CommitOutcomeUnknownException("The standby or the node may not have the commit.");
        }
    }

    public void Dispose() => _connection.Notice -= Look;

    private void Look(object sender, NpgsqlNoticeEventArgs received) =>
        _isIncomplete |= received.Notice.InvariantSeverity == "WARNING" && _routines.Contains(received.Notice.Routine);
}
