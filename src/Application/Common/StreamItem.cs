using IndustryData.Domain;

namespace IndustryData.Application.Common;

/// <summary>Lets a pipeline behavior inspect the items of a stream.</summary>
/// <typeparam name="TSelf">The item type itself.</typeparam>
public interface IStreamItem<TSelf> : IResultFactory<TSelf>
    where TSelf : IStreamItem<TSelf>
{
    /// <summary>True if the item is a row.</summary>
    bool IsRow { get; }
}

/// <summary>
/// An item of a streamed list. The first item is the head, or the error that stands in place of the list. Each further
/// item is a row. It is a struct because items are not retained.
/// </summary>
/// <typeparam name="THead">The type of what is known before the first row.</typeparam>
/// <typeparam name="TRow">The type of the rows.</typeparam>
public readonly record struct StreamItem<THead, TRow> : IStreamItem<StreamItem<THead, TRow>>
    where THead : notnull
    where TRow : notnull
{
    private readonly THead? _head;
    private readonly TRow? _row;

    /// <summary>Creates a head.</summary>
    public StreamItem(THead head) => _head = head;

    /// <summary>Creates a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="hasNext">True if the list has more rows, on this page or on the next.</param>
    public StreamItem(TRow row, bool hasNext) => (_row, HasNext, IsRow) = (row, hasNext, true);

    private StreamItem(Error error) => Error = error;

    /// <inheritdoc />
    public Error? Error { get; }

    /// <inheritdoc />
    public bool IsRow { get; }

    /// <summary>True if the list has rows after this one, on this page or on the next.</summary>
    public bool HasNext { get; }

    /// <summary>The head.</summary>
    /// <exception cref="InvalidOperationException">The item is not the head.</exception>
    public THead Head =>
        Error is null && !IsRow ? _head! : throw new InvalidOperationException("The item is not the head.");

    /// <summary>The row.</summary>
    /// <exception cref="InvalidOperationException">The item is not a row.</exception>
    public TRow Row => IsRow ? _row! : throw new InvalidOperationException("The item is not a row.");

    static StreamItem<THead, TRow> IResultFactory<StreamItem<THead, TRow>>.Failure(Error error) => error;

    /// <summary>Converts an error to an item.</summary>
    public static implicit operator StreamItem<THead, TRow>(Error error) => new(error);
}

/// <summary>The head of a list.</summary>
/// <param name="Count">The number of rows on all pages; null if the query does not request it.</param>
public readonly record struct ListHead(long? Count);

/// <summary>Reads streams of <see cref="StreamItem{THead, TRow}"/>.</summary>
public static class StreamItemExtensions
{
    /// <summary>Reads the first item: the head or the error. The rows follow.</summary>
    public static async ValueTask<Result<THead>> ReadHeadAsync<THead, TRow>(
        this IAsyncEnumerator<StreamItem<THead, TRow>> items
    )
        where THead : notnull
        where TRow : notnull
    {
        if (!await items.MoveNextAsync())
        {
            throw new InvalidOperationException("The stream has no head.");
        }

        return items.Current.Error is { } error ? error : items.Current.Head;
    }
}
