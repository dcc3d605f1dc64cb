namespace IndustryData.Infrastructure.Persistence;

/// <summary>Tells running database work that the database has stopped answering. Thread-safe.</summary>
/// <param name="clock">The clock.</param>
internal sealed class DatabaseAvailability(TimeProvider clock) : IDisposable
{
    // A service that is sent no writes, because it says that it takes none, has to be tried again some time.
    private static readonly TimeSpan _memory = TimeSpan.FromSeconds(60);

    private long _unconfirmedSince;
    private volatile CancellationTokenSource _lost = new();

    /// <summary>
    /// Canceled at the moment at which the database is found not to answer. Work that began before must then be
    /// abandoned: nothing may wait for its connection any longer, not even a cancel request to the server, because that
    /// would wait too.
    /// </summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>The database has stopped answering.</summary>
    public void Lose() => _lost.Cancel();

    /// <summary>The database answers again: work that begins from now on has a token of its own.</summary>
    public void Restore()
    {
        if (_lost.IsCancellationRequested)
        {
            // The old source is not disposed: abandoned work may still look at it.
            _lost = new CancellationTokenSource();
        }
    }

    /// <summary>Whether the latest commit was confirmed; false while commits are not confirmed in time.</summary>
    public bool AreCommitsConfirmed =>
        Volatile.Read(ref _unconfirmedSince) is var since && (since == 0 || clock.GetElapsedTime(since) > _memory);

    /// <summary>Notes whether a commit was confirmed in time.</summary>
    public void NoteCommit(bool isConfirmed) =>
        Volatile.Write(ref _unconfirmedSince, isConfirmed ? 0 : clock.GetTimestamp());

    /// <inheritdoc />
    public void Dispose() => _lost.Dispose();
}

/// <summary>The database does not answer; work that waited for it was abandoned.</summary>
internal sealed class DatabaseLostException() : Exception("The database does not answer.");
