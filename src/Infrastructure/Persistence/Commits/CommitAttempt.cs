namespace IndustryData.Infrastructure.Persistence.Commits;

/// <summary>One try to commit a batch of writes, which the lane may give up while the database is silent.</summary>
/// <param name="writes">The batch.</param>
/// <param name="shard">The shard of the counters to use.</param>
internal sealed class CommitAttempt<TWrite>(IReadOnlyList<TWrite> writes, short shard)
    where TWrite : PendingWrite
{
    private const int Open = 0;
    private const int CommitSent = 1;
    private const int GivenUp = 2;

    private int _state = Open;

    public IReadOnlyList<TWrite> Writes => writes;

    public short Shard => shard;

    /// <summary>
    /// Writes of the batch that nothing was committed of, because another transaction keeps their run locked.
    /// </summary>
    public List<TWrite> Blocked { get; } = [];

    /// <summary>
    /// Whether the statement that commits may have reached the server, so that an error leaves the outcome unknown.
    /// </summary>
    public bool IsCommitSent => Volatile.Read(ref _state) == CommitSent;

    /// <summary>Called right before the statement that commits is sent.</summary>
    /// <exception cref="OperationCanceledException">
    /// The lane has given the attempt up; nothing may be committed any more.
    /// </exception>
    public void BeginCommit()
    {
        if (Interlocked.CompareExchange(ref _state, CommitSent, Open) == GivenUp)
        {
            throw new OperationCanceledException("The commit was given up before it was sent.");
        }
    }

    /// <summary>
    /// Called when PostgreSQL has rolled the batch back and the attempt goes on with other statements.
    /// </summary>
    public void NoteRollback() => Interlocked.CompareExchange(ref _state, Open, CommitSent);

    /// <summary>Gives the attempt up.</summary>
    /// <returns>True when nothing of it can be committed any more; false when its outcome is unknown.</returns>
    public bool GiveUp() => Interlocked.CompareExchange(ref _state, GivenUp, Open) == Open;
}
