using System.Globalization;
using System.Text;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Writes events to standard output, several lines with each system call. The sink of Serilog makes two or three calls
/// for each event.
/// </summary>
/// <param name="formatter">Formats the lines.</param>
/// <param name="output">Standard output.</param>
internal sealed class AuditOutput(ITextFormatter formatter, Stream output) : ILogEventSink, IDisposable
{
    private const int MaxBytes = 64 * 1024;

    private readonly StringWriter _line = new(CultureInfo.InvariantCulture);
    private readonly MemoryStream _lines = new();

    /// <inheritdoc />
    public void Emit(LogEvent logEvent)
    {
        formatter.Format(logEvent, _line);
        var line = Encoding.UTF8.GetBytes(_line.ToString());
        _line.GetStringBuilder().Clear();
        if (_lines.Length + line.Length > MaxBytes)
        {
            CompleteRound();
        }

        _lines.Write(line);
    }

    /// <summary>Writes the lines that wait.</summary>
    /// <exception cref="IOException">Standard output is closed. The lines are lost.</exception>
    public void CompleteRound()
    {
        try
        {
            // The other log writes a long line in several calls, and holds this lock meanwhile.
            lock (Console.Out)
            {
                output.Write(_lines.GetBuffer().AsSpan(0, (int)_lines.Length));
            }
        }
        finally
        {
            _lines.SetLength(0);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _line.Dispose();
        _lines.Dispose();
    }
}
