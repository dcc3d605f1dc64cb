using System.Buffers;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// A file of runs with one JSON object per line. It may be compressed with gzip. <c>-</c> is the standard input.
/// </summary>
internal sealed class ImportFile : IDisposable
{
    /// <summary>The maximum number of bytes of a line: that of the body of a request.</summary>
    public const int MaxLineBytes = ServeCommand.MaxBodyBytes;

    /// <summary>The maximum number of lines of a portion.</summary>
    public const int PortionLines = 10_000;

    // A portion ends with the line that exceeds this. Both limits decide where portions end, so that a change of them
    // makes an interrupted import of an earlier version compare more keys.
    private const int PortionBytes = 8 * 1024 * 1024;

    private const int BufferBytes = 256 * 1024;

    private readonly Stream _source;
    private readonly Stream _lines;

    private ImportFile(string name, Stream source, Stream lines) => (Name, _source, _lines) = (name, source, lines);

    /// <summary>The name of the file as it was given.</summary>
    public string Name { get; }

    /// <summary>The number of bytes of the file; null if it is not known.</summary>
    public long? Length => _source.CanSeek ? _source.Length : null;

    /// <summary>The number of bytes of the file that were read.</summary>
    public long Position => _source.CanSeek ? _source.Position : 0;

    /// <summary>Opens a file.</summary>
    /// <exception cref="StartupException">It cannot be read.</exception>
    public static async Task<ImportFile> OpenAsync(string name, CancellationToken cancellationToken)
    {
        Stream source;
        try
        {
            source =
                name == "-"
                    ? Console.OpenStandardInput()
                    : new FileStream(
                        name,
                        FileMode.Open,
                        FileAccess.Read,
                        FileShare.Read,
                        BufferBytes,
                        useAsync: false
                    );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{name} cannot be read: {exception.Message}");
        }

        // The standard input cannot go back, so its first bytes are kept.
        var buffered = new BufferedStream(source, BufferBytes);
        var first = new byte[2];
        var read = await buffered.ReadAtLeastAsync(first, 2, throwOnEndOfStream: false, cancellationToken);
        var all = new PrefixedStream(first.AsMemory(0, read), buffered);
        return new ImportFile(
            name,
            source,
            first is [0x1F, 0x8B] ? new GZipStream(all, CompressionMode.Decompress) : all
        );
    }

    /// <summary>Reads the lines in portions.</summary>
    /// <param name="label">A text that distinguishes this import from another one of the same lines.</param>
    /// <param name="cancellationToken">Cancels the reading, also while the standard input waits.</param>
    /// <exception cref="StartupException">The file cannot be read, or its compressed content is damaged.</exception>
    public async IAsyncEnumerable<ImportLines> ReadAsync(
        string label,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var chain = new LineChain(label);
        var buffer = ArrayPool<byte>.Shared.Rent(2 * MaxLineBytes);
        try
        {
            var (portion, start, end, number) = (new ImportLines(), 0, 0, 0L);
            var (isTooLong, isAtEnd) = (false, false);
            while (!isAtEnd || start < end)
            {
                var length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
                if (length < 0 && !isAtEnd)
                {
                    if (end - start > MaxLineBytes + 1)
                    {
                        // Only the key of the line is needed.
                        isTooLong = true;
                        chain.Append(buffer.AsSpan(start, end - start));
                        start = end;
                    }

                    buffer.AsSpan(start, end - start).CopyTo(buffer);
                    (start, end) = (0, end - start);
                    var read = await FillAsync(buffer.AsMemory(end), cancellationToken);
                    end += read;
                    isAtEnd = read == 0;
                    continue;
                }

                var next = length < 0 ? end : start + length + 1;
                var line = buffer.AsMemory(start, (length < 0 ? end : start + length) - start);
                start = next;
                number++;
                var whole = line;
                if (line.Span.EndsWith("\r"u8))
                {
                    line = line[..^1];
                }

                if (isTooLong || line.Length > MaxLineBytes)
                {
                    chain.Append(whole.Span);
                    portion.AddTooLong(number, chain.End());
                    isTooLong = false;
                }
                else if (line.Span.ContainsAnyExcept(" \t"u8))
                {
                    chain.Append(whole.Span);
                    portion.Add(number, chain.End(), line.Span);
                }

                if (portion.Count >= PortionLines || portion.Bytes >= PortionBytes)
                {
                    yield return portion;
                    portion = new ImportLines();
                }
            }

            if (isTooLong)
            {
                portion.AddTooLong(number + 1, chain.End());
            }

            if (portion.Count > 0)
            {
                yield return portion;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose()
    {
        _lines.Dispose();
        _source.Dispose();
    }

    // A read of the standard input cannot be canceled. It is abandoned.
    private async Task<int> FillAsync(Memory<byte> free, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() => _lines.Read(free.Span), cancellationToken).WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            throw new StartupException($"{Name} cannot be read: {exception.Message}");
        }
    }

    /// <summary>
    /// Makes the keys of lines. The key of a line is a hash of the line and of the key of the line before it. So it
    /// depends on all lines from the beginning of the file, and equal lines have different keys.
    /// </summary>
    private sealed class LineChain(string label)
    {
        private readonly byte[] _last = SHA256.HashData(Encoding.UTF8.GetBytes($"import {label}"));
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private bool _isOpen;

        public void Append(ReadOnlySpan<byte> part)
        {
            if (!_isOpen)
            {
                _hash.AppendData(_last);
                _isOpen = true;
            }

            _hash.AppendData(part);
        }

        /// <summary>Ends the line and returns its key.</summary>
        public Guid End()
        {
            _hash.GetHashAndReset(_last);
            _isOpen = false;
            return new Guid(_last.AsSpan(0, 16), bigEndian: true);
        }
    }

    /// <summary>A stream that begins with bytes that were read from the source before.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> _prefix = prefix;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            if (_prefix.IsEmpty)
            {
                return rest.Read(buffer);
            }

            var length = Math.Min(_prefix.Length, buffer.Length);
            _prefix.Span[..length].CopyTo(buffer);
            _prefix = _prefix[length..];
            return length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            rest.Dispose();
            base.Dispose(disposing);
        }
    }
}

/// <summary>Consecutive lines of a file, without the empty ones.</summary>
internal sealed class ImportLines
{
    private readonly List<(long Number, Guid Key, int Start, int Length)> _lines = new(ImportFile.PortionLines);
    private byte[] _bytes = new byte[1024 * 1024];
    private int _length;

    /// <summary>The number of lines.</summary>
    public int Count => _lines.Count;

    /// <summary>The number of bytes of the lines.</summary>
    public int Bytes => _length;

    /// <summary>Returns a line.</summary>
    public ImportedLine this[int index] =>
        _lines[index] is var line && line.Length < 0
            ? new ImportedLine(line.Number, line.Key, null)
            : new ImportedLine(line.Number, line.Key, _bytes.AsMemory(line.Start, line.Length));

    /// <summary>The keys of the lines, in their order.</summary>
    public IReadOnlyList<Guid> Keys => [.. _lines.Select(l => l.Key)];

    public void Add(long number, Guid key, ReadOnlySpan<byte> line)
    {
        if (line.Length > _bytes.Length - _length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + line.Length));
        }

        line.CopyTo(_bytes.AsSpan(_length));
        _lines.Add((number, key, _length, line.Length));
        _length += line.Length;
    }

    public void AddTooLong(long number, Guid key) => _lines.Add((number, key, 0, -1));
}

/// <summary>A line of a file.</summary>
/// <param name="Number">The number of the line, from 1.</param>
/// <param name="Key">The key, which depends on all lines up to it.</param>
/// <param name="Body">The line without its end; null if it is too long.</param>
internal readonly record struct ImportedLine(long Number, Guid Key, Memory<byte>? Body);
