using System.Text;
using Serilog.Sinks.File;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Collects the lines of the audit file and writes them together at the end of each round of <see cref="AuditQueue"/>.
/// The sink of Serilog would make a system call for each event.
/// </summary>
internal sealed class AuditFile : FileLifecycleHooks
{
    // The sink owns the stream.
    private Action? _writeThrough;

    /// <summary>Writes the lines of the round.</summary>
    /// <exception cref="IOException">The file system refuses them. They are lost.</exception>
    public void CompleteRound() => _writeThrough?.Invoke();

    /// <inheritdoc />
    public override Stream OnFileOpened(string path, Stream underlyingStream, Encoding encoding)
    {
        // A full file is closed by its sink, which writes what is left.
        var round = new RoundStream(underlyingStream);
        _writeThrough = round.WriteThrough;
        return round;
    }

    private sealed class RoundStream(Stream file) : Stream
    {
        private const int MaxBytes = 256 * 1024;

        private readonly MemoryStream _round = new();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => file.Length + _round.Length;

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (_round.Length + buffer.Length > MaxBytes)
            {
                WriteThrough();
            }

            _round.Write(buffer);
        }

        /// <summary>Does nothing. The sink calls it for each event.</summary>
        public override void Flush() { }

        public void WriteThrough()
        {
            try
            {
                file.Write(_round.GetBuffer().AsSpan(0, (int)_round.Length));
                file.Flush();
            }
            finally
            {
                _round.SetLength(0);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                try
                {
                    WriteThrough();
                }
                finally
                {
                    file.Dispose();
                }
            }

            base.Dispose(disposing);
        }
    }
}
