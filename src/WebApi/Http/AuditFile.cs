using System.Text;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

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
                retainedFileTimeLimit: options.RetentionDays > 0 ? TimeSpan.FromDays(options.RetentionDays) : null
            )
        );
    }

    /// <inheritdoc />
    // The sink makes a system call for each of its events. One of them has many lines.
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
}
