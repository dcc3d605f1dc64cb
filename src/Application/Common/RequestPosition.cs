namespace IndustryData.Application.Common;

/// <summary>
/// The positions of the database from which a request has to read and to which it has written. A request has them only
/// while reads go to standbys. Thread-safe.
/// </summary>
/// <remarks>
/// It flows with the request and is no parameter: it concerns each read and each write in the same way, and no use case
/// decides on it (ADR 20).
/// </remarks>
public sealed record RequestPosition
{
    private static readonly AsyncLocal<RequestPosition?> _current = new();

    private readonly Lock _lock = new();
    private readonly RequestPosition? _batch;
    private DatabasePosition? _written;
    private volatile bool _isPrimaryRequired;
    private volatile bool _hasStandbyFailed;
    private volatile object? _server;

    private RequestPosition(DatabasePosition? required, RequestPosition? batch) =>
        (Required, _batch) = (required, batch);

    /// <summary>The one of the current request; null while reads do not go to standbys.</summary>
    public static RequestPosition? Current => _current.Value;

    /// <summary>The position that the reads of the request must include; null if any state will do.</summary>
    public DatabasePosition? Required { get; }

    /// <summary>The position that includes all writes of the request; null if it has written nothing.</summary>
    public DatabasePosition? Written
    {
        get
        {
            lock (_lock)
            {
                return _written;
            }
        }
    }

    /// <summary>True if the reads of the request must not go to a standby.</summary>
    public bool IsPrimaryRequired => _isPrimaryRequired;

    /// <summary>True if a standby has failed after it had started to answer a read of the request.</summary>
    public bool HasStandbyFailed => _hasStandbyFailed;

    /// <summary>The standby that answers the reads of the request; null if none was chosen yet.</summary>
    public object? Server => _server;

    /// <summary>
    /// Begins a request. A request of a batch also has to read what the batch requires and what its earlier requests
    /// have written.
    /// </summary>
    /// <param name="required">The position that its reads must include; null if any state will do.</param>
    public static RequestPosition Begin(DatabasePosition? required)
    {
        var batch = Current;
        var all = DatabasePosition.Later(required, DatabasePosition.Later(batch?.Required, batch?.Written));
        return _current.Value = new RequestPosition(all, batch);
    }

    /// <summary>Records a position that includes a write of the request.</summary>
    public void NoteWrite(DatabasePosition position)
    {
        lock (_lock)
        {
            _written = DatabasePosition.Later(_written, position);
        }

        _batch?.NoteWrite(position);
    }

    /// <summary>Records the standby that answers the reads of the request.</summary>
    public void ReadFrom(object standby) => _server = standby;

    /// <summary>Records that the primary answers the reads of the request.</summary>
    public void ReadFromPrimary() => _isPrimaryRequired = true;

    /// <summary>Records that a standby has failed. Further reads of the request go to the primary.</summary>
    /// <param name="hasStarted">True if the standby had started to answer, so that the read failed.</param>
    public void NoteStandbyFailure(bool hasStarted)
    {
        _isPrimaryRequired = true;
        _hasStandbyFailed |= hasStarted;
    }
}
