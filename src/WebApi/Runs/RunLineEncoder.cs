using System.Buffers;
using System.Text.Json;
using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.Runs;

/// <summary>
/// Encodes a run in the format in which a client reads it. A client may send this back, so it can be imported.
/// </summary>
internal sealed class RunLineEncoder : IRunLineEncoder
{
    private readonly ArrayBufferWriter<byte> _line = new();

    public ReadOnlyMemory<byte> Encode(RunListItem run)
    {
        _line.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_line, ResponseJson.WriterOptions))
        {
            RunJson.Write(json, run);
        }

        return _line.WrittenMemory;
    }
}
