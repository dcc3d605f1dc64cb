using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Batch;

/// <summary>The body of an answer, kept in memory up to a limit. Nothing has been sent of it, so that a failure can still replace it.</summary>
/// <param name="limit">In bytes. What goes beyond is dropped, all of it.</param>
/// <param name="room">What all answers of the batch have together.</param>
internal sealed class AnswerBody(int limit, AnswerRoom room) : MemoryStream, IHttpResponseBodyFeature
{
    private PipeWriter? _writer;
    private bool _isReplaced;

    /// <summary>The answer was longer than the limit, or than the room that there was for it.</summary>
    public bool IsOverLimit { get; private set; }

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => GetBuffer().AsSpan(0, (int)Length);

    Stream IHttpResponseBodyFeature.Stream => this;

    PipeWriter IHttpResponseBodyFeature.Writer => _writer ??= new Pipe(this);

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        // What replaces an answer is a few words.
        IsOverLimit |= Length + buffer.Length > limit || !(_isReplaced || room.Take(buffer.Length));
        if (!IsOverLimit)
        {
            base.Write(buffer.ToArray(), 0, buffer.Length);
        }
    }

    public override void SetLength(long value)
    {
        room.Give((int)(Length - value));
        base.SetLength(value);
        (IsOverLimit, _isReplaced) = (false, true);
    }

    void IHttpResponseBodyFeature.DisableBuffering()
    {
    }

    Task IHttpResponseBodyFeature.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHttpResponseBodyFeature.SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken) =>
        SendFileFallback.SendFileAsync(this, path, offset, count, cancellationToken);

    Task IHttpResponseBodyFeature.CompleteAsync() => Task.CompletedTask;

    /// <summary>Writes through at once: nothing is left behind in it when the body is replaced.</summary>
    private sealed class Pipe(AnswerBody body) : PipeWriter
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

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => new(new FlushResult(isCanceled: false, isCompleted: false));

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
