namespace IndustryData.Application.Runs.Live;

/// <summary>The changes of a tenant's runs since a position.</summary>
/// <param name="Changes">
/// The changes in the order in which they were made; empty if there are too many for one event.
/// </param>
/// <param name="Count">The number of changes. At most <see cref="MaxCounted"/> are counted.</param>
/// <param name="Cursor">The position after the changes.</param>
public sealed record RunChangeBatch(IReadOnlyList<RunChange> Changes, long Count, DeltaCursor Cursor)
{
    /// <summary>The maximum number of changes in one event. Of more changes, an event has only the number.</summary>
    public const int MaxChanges = 200;

    /// <summary>The maximum number of bytes of one event. Of larger changes, an event has only the number.</summary>
    public const int MaxEventBytes = 256 * 1024;

    /// <summary>The number up to which changes are counted.</summary>
    public const int MaxCounted = 10_000;

    /// <summary>The batch without the changes themselves.</summary>
    public RunChangeBatch CountOnly => this with { Changes = [] };
}

/// <summary>Encodes events. All readers of the same query share their text. Thread-safe.</summary>
public interface IRunChangeEncoder
{
    /// <summary>Encodes a batch as the text of an event.</summary>
    /// <param name="batch">The changes, or only their number.</param>
    /// <param name="cancellationToken">Cancels the encoding.</param>
    ValueTask<ReadOnlyMemory<byte>> EncodeAsync(RunChangeBatch batch, CancellationToken cancellationToken);
}

/// <summary>An event of a subscription.</summary>
/// <param name="Kind">The kind of the event.</param>
/// <param name="Cursor">The position after the event; null if the position has become invalid.</param>
/// <param name="Text">The encoded batch; empty if the position has become invalid.</param>
public sealed record RunChangeEvent(RunChangeEventKind Kind, DeltaCursor? Cursor, ReadOnlyMemory<byte> Text)
{
    /// <summary>The event that ends a subscription whose position has become invalid.</summary>
    public static readonly RunChangeEvent Gone = new(RunChangeEventKind.Gone, Cursor: null, Text: default);
}

/// <summary>The kinds of events.</summary>
public enum RunChangeEventKind
{
    /// <summary>The event has the changes.</summary>
    Changes,

    /// <summary>The event has only the number of the changes.</summary>
    Count,

    /// <summary>The position of the subscription is no longer valid, because the database was restored.</summary>
    Gone,
}
