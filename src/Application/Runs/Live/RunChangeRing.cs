namespace IndustryData.Application.Runs.Live;

/// <summary>
/// Keeps the last events of a query. A reader has no queue of its own, only a position. It loses its position if it
/// does not read the events before they are dropped. Thread-safe.
/// </summary>
/// <param name="memory">The memory of all rings.</param>
internal sealed class RunChangeRing(RunChangeRing.Memory memory)
{
    /// <summary>The maximum number of events.</summary>
    public const int MaxEvents = 1_000;

    private const long MaxBytes = 2 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly RunChangeEvent[] _events = new RunChangeEvent[MaxEvents];
    private long _first;
    private long _next;
    private long _bytes;
    private TaskCompletionSource _appended = NewSignal();

    /// <summary>
    /// The position at which a new reader begins: after the last event, or at <see cref="RunChangeEvent.Gone"/>, which
    /// nothing follows.
    /// </summary>
    public long End
    {
        get
        {
            lock (_lock)
            {
                return IsGone ? _next - 1 : _next;
            }
        }
    }

    private bool IsGone => _next > _first && _events[(_next - 1) % MaxEvents].Kind == RunChangeEventKind.Gone;

    /// <summary>Appends an event and wakes the readers. Drops the oldest events if there are too many.</summary>
    public void Append(RunChangeEvent added)
    {
        TaskCompletionSource appended;
        lock (_lock)
        {
            if (_next - _first == MaxEvents)
            {
                DropFirst();
            }

            _events[_next++ % MaxEvents] = added;
            _bytes += added.Text.Length;
            memory.Add(added.Text.Length);
            while (_next - _first > 1 && (_bytes > MaxBytes || memory.IsFull))
            {
                DropFirst();
            }

            (appended, _appended) = (_appended, NewSignal());
        }

        appended.SetResult();
    }

    /// <summary>Reads the event at a position.</summary>
    /// <param name="position">The position of the reader.</param>
    /// <param name="found">The event; null if there is none yet, or if the event was dropped.</param>
    /// <param name="appended">Completes when the next event is appended.</param>
    /// <returns>Returns false if the event was dropped.</returns>
    public bool TryRead(long position, out RunChangeEvent? found, out Task appended)
    {
        lock (_lock)
        {
            appended = _appended.Task;
            found = position >= _first && position < _next ? _events[position % MaxEvents] : null;
            return position >= _first;
        }
    }

    /// <summary>Drops all events.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            while (_first < _next)
            {
                DropFirst();
            }
        }
    }

    private void DropFirst()
    {
        var dropped = _events[_first % MaxEvents];
        _events[_first++ % MaxEvents] = null!;
        _bytes -= dropped.Text.Length;
        memory.Add(-dropped.Text.Length);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Counts the bytes of the events in all rings. Thread-safe.</summary>
    internal sealed class Memory
    {
        private const long MaxBytes = 64 * 1024 * 1024;

        private long _bytes;

        /// <summary>True if the rings hold more than they may. Each keeps at least its last event.</summary>
        public bool IsFull => Interlocked.Read(ref _bytes) > MaxBytes;

        /// <summary>Adds a number of bytes, which is negative for a dropped event.</summary>
        public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
    }
}
