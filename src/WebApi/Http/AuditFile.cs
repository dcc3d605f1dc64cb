using System.Text;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Sinks.File;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Appends the audit log to files with the file sink of Serilog. A new file begins every day and after 1 GiB.
/// </summary>
internal sealed class AuditFile : IAuditOutput
{
    private const long MaxFileBytes = 1L << 30;
    private const string Lines = "lines";

    private static readonly MessageTemplate _template = new([]);

    private readonly ILogEventSink _sink;

    /// <summary>Opens the file.</summary>
    /// <exception cref="StartupException">The file cannot be written.</exception>
    public AuditFile(AuditOptions options)
    {
        Check(options.Path);
        _sink = LoggerSinkConfiguration.CreateSink(to =>
            to.File(
                new LinesFormatter(),
                options.Path,
                rollingInterval: RollingInterval.Day,
                rollOnFileSizeLimit: true,
                fileSizeLimitBytes: MaxFileBytes,
                retainedFileCountLimit: null,
                hooks: new WholePortions(),
                retainedFileTimeLimit: options.RetentionDays > 0 ? TimeSpan.FromDays(options.RetentionDays) : null
            )
        );
    }

    /// <inheritdoc />
    // The sink writes each of its events to the file at once. One of them has many lines.
    public void Write(ReadOnlySpan<byte> lines) =>
        _sink.Emit(
            new LogEvent(
                DateTimeOffset.UnixEpoch,
                LogEventLevel.Information,
                exception: null,
                _template,
                [new LogEventProperty(Lines, new ScalarValue(Encoding.UTF8.GetString(lines)))]
            )
        );

    /// <inheritdoc />
    public void Dispose() => (_sink as IDisposable)?.Dispose();

    private static void Check(string path)
    {
        try
        {
            // Serilog would report the failure nowhere.
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            Directory.CreateDirectory(folder);
            using var probe = new FileStream(
                Path.Combine(folder, Path.GetRandomFileName()),
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    Options = FileOptions.DeleteOnClose,
                }
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException($"Audit:Path: the audit log cannot be written ({exception.Message}).");
        }
    }

    private sealed class LinesFormatter : ITextFormatter
    {
        public void Format(LogEvent logEvent, TextWriter output) =>
            output.Write((string)((ScalarValue)logEvent.Properties[Lines]).Value!);
    }

    /// <summary>Gives the sink a stream that writes what was added to it with one call.</summary>
    private sealed class WholePortions : FileLifecycleHooks
    {
        public override Stream OnFileOpened(Stream underlyingStream, Encoding encoding) =>
            new PortionStream(underlyingStream);
    }

    /// <summary>
    /// Collects what is written until it is flushed. The file would otherwise take a portion in several calls, so that
    /// a killed process or a full disk leaves a part of a line.
    /// </summary>
    internal sealed class PortionStream(Stream file) : Stream
    {
        private readonly MemoryStream _portion = new();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => file.Length + _portion.Length;

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => _portion.Write(buffer, offset, count);

        public override void Write(ReadOnlySpan<byte> buffer) => _portion.Write(buffer);

        public override void Flush()
        {
            try
            {
                file.Write(_portion.GetBuffer().AsSpan(0, (int)_portion.Length));
                file.Flush();
            }
            finally
            {
                _portion.SetLength(0);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                file.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
