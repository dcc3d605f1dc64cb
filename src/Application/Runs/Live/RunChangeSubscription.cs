namespace IndustryData.Application.Runs.Live;

/// <summary>A reader of a feed: a place in its ring.</summary>
/// <param name="feed">The feed.</param>
/// <param name="position">The position in the ring.</param>
/// <param name="start">The position in the changes.</param>
/// <param name="first">The event before the first one of the ring; null if there is none.</param>
/// <param name="clock">The clock.</param>
/// <param name="leave">Leaves the feed.</param>
internal sealed class RunChangeSubscription(
    RunChangeFeed feed,
    long position,
    DeltaCursor start,
    RunChangeEvent? first,
    TimeProvider clock,
    Action<RunChangeFeed> leave
) : IRunChangeSubscription
{
    private RunChangeEvent? _first = first;
    private long _position = position;
    private DeltaCursor _cursor = first?.Cursor ?? start;
    private bool _isGone;
    private bool _hasLeft;

    /// <inheritdoc />
    public DeltaCursor Start => start;

    /// <inheritdoc />
    public async ValueTask<RunChangeEvent?> ReadAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        if (_first is { } pending)
        {
            _first = null;
            return pending;
        }

        var hasWaited = false;
        while (!_isGone)
        {
            var added = await NextAsync(cancellationToken);
            if (added is not null)
            {
                (_cursor, _isGone) = (added.Cursor ?? _cursor, added.Cursor is null);
                return added;
            }

            if (hasWaited)
            {
                return null;
            }

            // There is nothing to wait for if an event was appended, or dropped, a moment ago.
            if (feed.Ring.TryRead(_position, out var found, out var appended) && found is null)
            {
                hasWaited = true;
                await RunChangeFeed.WaitAsync(appended, maxWait, clock, cancellationToken);
            }
        }

        return null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (!_hasLeft)
        {
            _hasLeft = true;
            leave(feed);
        }
    }

    private async ValueTask<RunChangeEvent?> NextAsync(CancellationToken cancellationToken)
    {
        if (feed.Ring.TryRead(_position, out var found, out _))
        {
            _position += found is null ? 0 : 1;
            return found;
        }

        // The reader was too slow. One walk of its own takes the place of all events that it has missed.
        _position = feed.Ring.End;
        var walked = await feed.CatchUpAsync(_cursor, cancellationToken);
        if (!walked.TryGetValue(out var result, out _))
        {
            return RunChangeEvent.Gone;
        }

        _cursor = result.Next;
        return result.Event;
    }
}
