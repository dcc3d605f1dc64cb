using System.Buffers;
using System.Text;
using System.Text.Json;
using IndustryData.Domain;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.Cli;

/// <summary>Writes the lines that an import refuses as JSON: file, number of the line, and errors.</summary>
internal sealed class RefusedLines : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TextWriter _output;
    private readonly bool _isFile;

    private RefusedLines(TextWriter output, bool isFile) => (_output, _isFile) = (output, isFile);

    /// <summary>Opens the output.</summary>
    /// <param name="path">The path of the file, which is replaced; null for the standard error output.</param>
    /// <exception cref="StartupException">The file cannot be written.</exception>
    public static RefusedLines Open(string? path)
    {
        try
        {
            return path is null
                ? new RefusedLines(Console.Error, isFile: false)
                : new RefusedLines(new StreamWriter(path, append: false, new UTF8Encoding(false)), isFile: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{path} cannot be written: {exception.Message}");
        }
    }

    /// <summary>Writes a line.</summary>
    public void Add(string file, long number, Error error) =>
        Add(file, number, json => json.WriteErrors("errors", error.Details.Count > 0 ? error.Details : [error]));

    /// <summary>Writes a line.</summary>
    /// <param name="file">The name of the file.</param>
    /// <param name="number">The number of the line.</param>
    /// <param name="writeErrors">Writes the member <c>errors</c>.</param>
    public void Add(string file, long number, Action<Utf8JsonWriter> writeErrors)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, ResponseJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("file", file);
            json.WriteNumber("line", number);
            writeErrors(json);
            json.WriteEndObject();
        }

        lock (_gate)
        {
            _output.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
        }
    }

    /// <summary>Passes what was written to the operating system.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            _output.Flush();
        }
    }

    public void Dispose()
    {
        if (_isFile)
        {
            _output.Dispose();
        }
    }
}
