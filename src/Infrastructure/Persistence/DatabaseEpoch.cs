namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// A stretch of the database's life, from one start of its server to the next: what a delta token names, so that one
/// from before a restore is known.
/// </summary>
internal sealed class DatabaseEpoch
{
    public int Number { get; init; }

    public Guid Id { get; init; }

    /// <summary>Which server, database and table: another one after a dump was restored.</summary>
    public string Cluster { get; init; } = "";

    /// <summary>
    /// The timeline of the write-ahead log: another one after a recovery to a point in time, and after a failover.
    /// </summary>
    public string Timeline { get; init; } = "";

    public DateTimeOffset ServerStarted { get; init; }

    /// <summary>
    /// The change number that it began with. A token with a higher one from an incarnation before saw changes that are
    /// gone.
    /// </summary>
    public long FirstChangeNumber { get; init; }

    /// <summary>
    /// What is added to a transaction's number, so that change numbers grow where transactions' numbers start again.
    /// </summary>
    public long ChangeOffset { get; init; }
}
