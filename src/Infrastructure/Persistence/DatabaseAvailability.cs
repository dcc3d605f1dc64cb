namespace IndustryData.Infrastructure.Persistence;

/// <summary>Tells running database work that the database has stopped answering. Thread-safe.</summary>
internal sealed class DatabaseAvailability : IDisposable
{
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

    /// <inheritdoc />
    public void Dispose() => _lost.Dispose();
}

/// <summary>The database does not answer; work that waited for it was abandoned.</summary>
internal sealed class DatabaseLostException() : Exception("The database does not answer.");
