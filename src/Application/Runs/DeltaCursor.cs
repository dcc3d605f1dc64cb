namespace IndustryData.Application.Runs;

/// <summary>The position of a reader of changes.</summary>
/// <param name="Epoch">The epoch of the database that the change numbers belong to.</param>
/// <param name="Since">The time at which the last scan started.</param>
/// <param name="From">
/// The change number at which the next scan starts. No unreturned change of the tenant has a lower number.
/// </param>
/// <param name="LowWatermark">
/// The low watermark at the start of the last scan. A database with a lower watermark was restored.
/// </param>
/// <param name="Scan">The progress of the current scan; null if it is complete.</param>
public sealed record DeltaCursor(Guid Epoch, DateTimeOffset Since, long From, long LowWatermark, DeltaScan? Scan)
{
    /// <summary>The lifetime of a delta token. It equals the retention period of deletions.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(30);

    /// <summary>Returns the position after a change of the current scan.</summary>
    public DeltaCursor After(RunChange change) =>
        this with
        {
            Scan = Scan! with { ChangeNumber = change.ChangeNumber, Id = change.Id },
        };

    /// <summary>Returns the position after the last change of the current scan.</summary>
    public DeltaCursor AfterScan() => this with { Scan = null };
}

/// <summary>A paged scan over a range of change numbers.</summary>
/// <param name="ChangeNumber">The number of the last change returned.</param>
/// <param name="Id">The id of the run of that change.</param>
/// <param name="UpperBound">
/// The change number at which the scan ends. It ensures that the scan ends despite concurrent writes. The next scan
/// returns later changes.
/// </param>
/// <param name="IsInitialSync">True if the reader has no runs yet. Removed runs are then not returned.</param>
public sealed record DeltaScan(long ChangeNumber, Guid Id, long UpperBound, bool IsInitialSync)
{
    /// <summary>Creates a scan over all changes from a number to an upper bound.</summary>
    public static DeltaScan Begin(long from, long until, bool isFirst) =>
        new(from - 1, Guid.AllBitsSet, until, isFirst);
}

/// <summary>The current change numbers of the database.</summary>
/// <param name="Epoch">The current epoch.</param>
/// <param name="Now">The current time of the database.</param>
/// <param name="From">
/// No later commit of the tenant can have a lower number, even after a crash of the database server.
/// </param>
/// <param name="LowWatermark">
/// The low watermark: no open transaction has a lower number. A crash of the database server may move it back.
/// </param>
/// <param name="HighWatermark">The high watermark: no transaction with this or a higher number had ended.</param>
/// <param name="LastChange">The highest number of a stored change of the tenant; 0 if there is none.</param>
/// <param name="CursorIsValid">
/// True if the numbers of the cursor belong to the history of this database. False if the database was restored since.
/// </param>
public sealed record ChangeHorizon(
    Guid Epoch,
    DateTimeOffset Now,
    long From,
    long LowWatermark,
    long HighWatermark,
    long LastChange,
    bool CursorIsValid
);

/// <summary>The number of changes with one change number. They became visible at the same time.</summary>
public readonly record struct ChangeCount(long ChangeNumber, int Count);
