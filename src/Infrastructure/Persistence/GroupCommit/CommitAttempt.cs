using IndustryData.Application.Common;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>
/// One attempt to commit a batch of writes. The lane may abandon the attempt if the database does not respond.
/// </summary>
/// <param name="writes">The batch.</param>
/// <param name="shard">The shard of the counters.</param>
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
    /// The writes of the batch that were not committed, because another transaction has locked their run.
    /// </summary>
    public List<TWrite> Blocked { get; } = [];

    /// <summary>The number of runs that the attempt adds.</summary>
    public int RunsAdded { get; set; }

    /// <summary>The position of the database that includes the commit; null if it was not read.</summary>
    public DatabasePosition? Position { get; set; }

    /// <summary>
    /// True if the statement that commits may have reached the server. The outcome is then unknown after an error.
    /// </summary>
    public bool IsCommitSent => Volatile.Read(ref _state) == CommitSent;

    /// <summary>Records that the statement that commits is sent next.</summary>
    /// <exception cref="OperationCanceledException">
    /// The lane has abandoned the attempt. Nothing may be committed any more.
    /// </exception>
    public void BeginCommit()
    {
        if (Interlocked.CompareExchange(ref _state, CommitSent, Open) == GivenUp)
        {
            throw new OperationCanceledException("The commit was given up before it was sent.");
        }
    }

    /// <summary>
    /// Records that PostgreSQL has rolled the batch back and that the attempt continues with other statements.
    /// </summary>
    public void NoteRollback() => Interlocked.CompareExchange(ref _state, Open, CommitSent);

    /// <summary>Abandons the attempt.</summary>
    /// <returns>
    /// Returns true if nothing of the batch can be committed any more; false if its outcome is unknown.
    /// </returns>
    public bool GiveUp() => Interlocked.CompareExchange(ref _state, GivenUp, Open) == Open;
}
