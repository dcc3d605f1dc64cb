using System.IO.Pipelines;
using IndustryData.WebApi.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Batch;

/// <summary>
/// The body of an answer, kept in memory up to a limit. Nothing has been sent of it, so that a failure can still
/// replace it.
/// </summary>
/// <param name="limit">In bytes. What goes beyond is dropped, all of it.</param>
/// <param name="room">What all answers of the batch have together.</param>
/// <param name="bytes">Holds what is written.</param>
internal sealed class BufferedResponseBody(int limit, ResponseMemoryBudget room, PooledBufferWriter bytes) : Stream, IHttpResponseBodyFeature
{
    private PipeWriter? _writer;
    private int _taken;
    private bool _isReplaced;

    /// <summary>The answer was longer than the limit, or than the room that there was for it.</summary>
    public bool IsOverLimit { get; private set; }

    /// <summary>What was written.</summary>
    public PooledBufferWriter Written => bytes;

    public override bool CanRead => false;

    /// <summary>True, so that <see cref="HttpResponse.Clear"/> can take back what was written.</summary>
    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => bytes.Length;

    public override long Position
    {
        get => bytes.Length;
        set => throw new NotSupportedException();
    }

    Stream IHttpResponseBodyFeature.Stream => this;

    PipeWriter IHttpResponseBodyFeature.Writer => _writer ??= new Pipe(this);

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (IsOverLimit)
        {
            return;
        }

        // What replaces an answer is a few words.
        if (bytes.Length + buffer.Length > limit || !(_isReplaced || room.TryReserve(buffer.Length)))
        {
            IsOverLimit = true;
            Drop();
            return;
        }

        _taken += _isReplaced ? 0 : buffer.Length;
        bytes.Write(buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    /// <summary>Takes back what was written, so that a failure can be written instead.</summary>
    /// <param name="value">Zero.</param>
    public override void SetLength(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(value, 0);
        Drop();
        (IsOverLimit, _isReplaced) = (false, true);
        Require();
    }

    /// <summary>
    /// Lets what is written from here on exceed the memory limits: a refusal must not fail for want of memory.
    /// </summary>
    public void Require() => bytes.IsRequired = true;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    void IHttpResponseBodyFeature.DisableBuffering()
    {
    }

    Task IHttpResponseBodyFeature.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHttpResponseBodyFeature.SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken) =>
        SendFileFallback.SendFileAsync(this, path, offset, count, cancellationToken);

    Task IHttpResponseBodyFeature.CompleteAsync() => Task.CompletedTask;

    protected override void Dispose(bool disposing)
    {
        bytes.Dispose();
        base.Dispose(disposing);
    }

    private void Drop()
    {
        room.Release(_taken);
        _taken = 0;
        bytes.Clear();
    }

    /// <summary>Writes through at once: nothing is left behind in it when the body is replaced.</summary>
    private sealed class Pipe(BufferedResponseBody body) : PipeWriter
    {
        private byte[] _next = [];

        public override void Advance(int bytes) => body.Write(_next.AsSpan(0, bytes));

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (_next.Length < Math.Max(sizeHint, 1))
            {
                _next = new byte[Math.Max(sizeHint, 4096)];
            }

            return _next;
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            body.Write(source.Span);
            return FlushAsync(cancellationToken);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => new(new FlushResult(isCanceled: false, isCompleted: false));

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
