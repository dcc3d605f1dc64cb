namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// An epoch of the database, from one start of its server to the next. A delta token contains its epoch, so that a
/// token from before a restore is detected.
/// </summary>
internal sealed class DatabaseEpoch
{
    public int Number { get; init; }

    public Guid Id { get; init; }

    /// <summary>Identifies the server, database and table. It changes when a dump is restored.</summary>
    public string Cluster { get; init; } = "";

    /// <summary>
    /// The timeline of the write-ahead log. It changes after a point-in-time recovery and after a failover.
    /// </summary>
    public string Timeline { get; init; } = "";

    public DateTimeOffset ServerStarted { get; init; }

    /// <summary>
    /// The first change number of the epoch. A token of an earlier epoch with a higher number includes changes that no
    /// longer exist.
    /// </summary>
    public long FirstChangeNumber { get; init; }

    /// <summary>
    /// The offset that is added to a transaction's number, so that change numbers keep growing when transaction numbers
    /// restart.
    /// </summary>
    public long ChangeOffset { get; init; }
}
