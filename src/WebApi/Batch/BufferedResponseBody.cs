using System.IO.Pipelines;
using IndustryData.WebApi.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Batch;

/// <summary>
/// The body of a response, held in memory up to a limit. No part of it has been sent, so an error response can still
/// replace it.
/// </summary>
/// <param name="limit">The maximum length of the body, in bytes. A longer body is discarded completely.</param>
/// <param name="room">The memory budget that all responses of the batch share.</param>
/// <param name="bytes">The buffer for the written bytes.</param>
internal sealed class BufferedResponseBody(int limit, ResponseMemoryBudget room, PooledBufferWriter bytes)
    : Stream,
        IHttpResponseBodyFeature
{
    private PipeWriter? _writer;
    private int _taken;
    private bool _isReplaced;

    /// <summary>True if the body exceeded the limit or the remaining memory budget.</summary>
    public bool IsOverLimit { get; private set; }

    /// <summary>The written bytes.</summary>
    public PooledBufferWriter Written => bytes;

    public override bool CanRead => false;

    /// <summary>Always true, so that <see cref="HttpResponse.Clear"/> can discard the written bytes.</summary>
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

        // A replacement is a short error response. It does not count toward the memory budget.
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

    /// <summary>Discards the written bytes so that an error response can be written instead.</summary>
    /// <param name="value">The new length, which must be zero.</param>
    public override void SetLength(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(value, 0);
        Drop();
        (IsOverLimit, _isReplaced) = (false, true);
        Require();
    }

    /// <summary>
    /// Allows subsequent writes to exceed the memory limits. An error response must not fail because of a memory limit.
    /// </summary>
    public void Require() => bytes.IsRequired = true;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    void IHttpResponseBodyFeature.DisableBuffering() { }

    Task IHttpResponseBodyFeature.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHttpResponseBodyFeature.SendFileAsync(
        string path,
        long offset,
        long? count,
        CancellationToken cancellationToken
    ) => SendFileFallback.SendFileAsync(this, path, offset, count, cancellationToken);

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

    /// <summary>
    /// A pipe writer that passes bytes to the body immediately. It holds no bytes when the body is replaced.
    /// </summary>
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

        public override ValueTask<FlushResult> WriteAsync(
            ReadOnlyMemory<byte> source,
            CancellationToken cancellationToken = default
        )
        {
            body.Write(source.Span);
            return FlushAsync(cancellationToken);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            new(new FlushResult(isCanceled: false, isCompleted: false));

        public override void CancelPendingFlush() { }

        public override void Complete(Exception? exception = null) { }
    }
}
