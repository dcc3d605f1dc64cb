namespace IndustryData.Infrastructure.Persistence;

/// <summary>Signals to running database work that the database has stopped answering. Thread-safe.</summary>
/// <param name="clock">The clock.</param>
internal sealed class DatabaseAvailability(TimeProvider clock) : IDisposable
{
    // After this time, the service reports again that it accepts writes. While it reports that it does not, it may
    // receive no writes, and without a write it cannot find out that commits are confirmed again.
    private static readonly TimeSpan _memory = TimeSpan.FromSeconds(60);

    private long _unconfirmedSince;
    private volatile CancellationTokenSource _lost = new();

    /// <summary>
    /// The token that is canceled when the database has stopped answering. Work that started before must then be
    /// abandoned. Nothing may wait for the connection of such work any longer. This includes cancel requests, because
    /// the server would not answer them either.
    /// </summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Signals that the database has stopped answering.</summary>
    public void Lose() => _lost.Cancel();

    /// <summary>Signals that the database answers again. Work that starts afterwards gets a new token.</summary>
    public void Restore()
    {
        if (_lost.IsCancellationRequested)
        {
            // The old source is not disposed, because abandoned work may still use it.
            _lost = new CancellationTokenSource();
        }
    }

    /// <summary>
    /// True if the latest commit was confirmed in time. After an unconfirmed commit, it is false until a commit is
    /// confirmed or 60 seconds have passed.
    /// </summary>
    public bool AreCommitsConfirmed =>
        Volatile.Read(ref _unconfirmedSince) is var since && (since == 0 || clock.GetElapsedTime(since) > _memory);

    /// <summary>Records whether a commit was confirmed in time.</summary>
    public void NoteCommit(bool isConfirmed) =>
        Volatile.Write(ref _unconfirmedSince, isConfirmed ? 0 : clock.GetTimestamp());

    /// <inheritdoc />
    public void Dispose() => _lost.Dispose();
}

/// <summary>The exception of work that was abandoned because the database does not answer.</summary>
internal sealed class DatabaseLostException() : Exception("The database does not answer.");
