using System.Buffers;
using System.IO.Pipelines;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Buffers a payload as a chain of segments before any of it is sent. If writing the payload fails, the response can
/// still be an error. The database connection is released before a slow caller has read the first byte. Each segment,
/// and its part of the memory budget, is released after the segment is sent.
/// </summary>
/// <param name="admission">The request whose memory budget is used; null if the memory is not counted.</param>
/// <param name="isRequired">The initial value of <see cref="IsRequired"/>.</param>
/// <param name="firstSize">The size of the first segment, in bytes.</param>
internal sealed class PooledBufferWriter(
    Admission? admission,
    bool isRequired,
    int firstSize = PooledBufferWriter.SegmentSize
) : IBufferWriter<byte>, IDisposable
{
    /// <summary>
    /// The size of a segment, in bytes. It is below the threshold of the large object heap and small enough for the
    /// pipe of the server.
    /// </summary>
    public const int SegmentSize = 64 * 1024;

    // The maximum number of unused bytes at the end of a segment. If more bytes are unused, the segment is filled by
    // way of the scratch array.
    private const int MaxUnused = 4096;

    private static readonly TimeSpan _idleTimeout = TimeSpan.FromSeconds(10);

    private List<(byte[] Bytes, int Length)>? _full;
    private byte[] _current = [];
    private byte[]? _scratch;
    private bool _isScratchLent;
    private int _used;
    private long _fullBytes;

    /// <summary>True if the payload is written even if it exceeds the memory limits.</summary>
    public bool IsRequired { get; set; } = isRequired;

    /// <summary>True if the payload has at most one segment.</summary>
    public bool IsOneSegment => _full is null;

    /// <summary>The number of bytes that have been written.</summary>
    public long Length => _fullBytes + _used;

    /// <summary>The bytes that have been written.</summary>
    public ReadOnlySequence<byte> Written
    {
        get
        {
            if (_full is null)
            {
                return new ReadOnlySequence<byte>(_current, 0, _used);
            }

            var first = new Segment(_full[0].Bytes.AsMemory(0, _full[0].Length), runningIndex: 0);
            var last = first;
            foreach (var (bytes, length) in _full.Skip(1))
            {
                last = last.Append(bytes.AsMemory(0, length));
            }

            last = last.Append(_current.AsMemory(0, _used));
            return new ReadOnlySequence<byte>(first, 0, last, _used);
        }
    }

    private TimeSpan MaxStall => admission?.MaxStall ?? 2 * _idleTimeout;

    private int NextSize => _current.Length == 0 ? firstSize : SegmentSize;

    public void Advance(int count)
    {
        if (_isScratchLent)
        {
            _isScratchLent = false;
            Write(_scratch.AsSpan(0, count));
        }
        else
        {
            _used += count;
        }
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        var size = Math.Max(sizeHint, 1);
        _isScratchLent = false;
        var unused = _current.Length - _used;
        if (unused >= size)
        {
            return _current.AsMemory(_used);
        }

        if (size <= MaxUnused || (unused <= MaxUnused && size <= NextSize))
        {
            AddSegment(size);
            return _current;
        }

        if (_scratch is null || _scratch.Length < size)
        {
            ReturnScratch();
            Reserve(size);
            _scratch = ArrayPool<byte>.Shared.Rent(size);
            admission?.Reserve(_scratch.Length - size, isRequired: true);
        }

        _isScratchLent = true;
        return _scratch;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Appends bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_used == _current.Length)
            {
                AddSegment();
            }

            var part = bytes[..Math.Min(bytes.Length, _current.Length - _used)];
            part.CopyTo(_current.AsSpan(_used));
            _used += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    /// <summary>
    /// Sends the buffered bytes and empties the buffer. If the caller does not take a segment within
    /// <see cref="MaxStall"/>, the connection is aborted and the rest is discarded.
    /// </summary>
    public async Task SendAsync(HttpResponse response)
    {
        ReturnScratch();
        var aborted = response.HttpContext.RequestAborted;
        if (_full is null && !response.HasStarted)
        {
            // The payload fits into the pipe of the server.
            if (_used > 0)
            {
                var write = response.BodyWriter.WriteAsync(_current.AsMemory(0, _used), aborted);
                await FinishAsync(response.HttpContext, write);
            }

            Clear();
            return;
        }

        // From here on, the request only waits for its caller. Other requests of the tenant can use the permit.
        admission?.EndProcessing();
        try
        {
            for (var i = 0; i < (_full?.Count ?? 0); i++)
            {
                var (bytes, length) = _full![i];
                if (!await SendAsync(response, bytes, length))
                {
                    return;
                }

                _full[i] = ([], 0);
                Return(bytes);
            }

            await SendAsync(response, _current, _used);
        }
        finally
        {
            Clear();
        }
    }

    /// <summary>Discards the buffered bytes and releases their memory.</summary>
    public void Clear()
    {
        ReturnScratch();
        foreach (var (bytes, _) in _full ?? [])
        {
            Return(bytes);
        }

        Return(_current);
        (_full, _current, _used, _fullBytes) = (null, [], 0, 0);
    }

    public void Dispose() => Clear();

    private async ValueTask<bool> SendAsync(HttpResponse response, byte[] bytes, int length)
    {
        var http = response.HttpContext;
        var write = response.BodyWriter.WriteAsync(bytes.AsMemory(0, length), http.RequestAborted);
        return !(await FinishAsync(http, write)).IsCompleted;
    }

    private ValueTask<FlushResult> FinishAsync(HttpContext http, ValueTask<FlushResult> write) =>
        write.IsCompleted ? write : WaitAsync(http, write);

    // Aborting the request cancels the write.
    private async ValueTask<FlushResult> WaitAsync(HttpContext http, ValueTask<FlushResult> write)
    {
        admission?.EndProcessing();
        using var stall = new Timer(
            static http => ((HttpContext)http!).Abort(),
            http,
            MaxStall,
            Timeout.InfiniteTimeSpan
        );
        return await write;
    }

    private void AddSegment(int minSize = 0)
    {
        var size = Math.Max(NextSize, minSize);
        Reserve(size);
        if (_current.Length > 0)
        {
            (_full ??= []).Add((_current, _used));
            _fullBytes += _used;
        }

        (_current, _used) = (ArrayPool<byte>.Shared.Rent(size), 0);
    }

    private void ReturnScratch()
    {
        if (_scratch is not null)
        {
            Return(_scratch);
            _scratch = null;
        }
    }

    private void Reserve(int bytes) => admission?.Reserve(bytes, IsRequired);

    private void Return(byte[] bytes)
    {
        if (bytes.Length > 0)
        {
            admission?.Release(bytes.Length);
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long runningIndex) =>
            (Memory, RunningIndex) = (memory, runningIndex);

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
