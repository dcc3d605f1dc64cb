using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Http;

/// <summary>The one media type that payloads are written in.</summary>
internal static class ODataJson
{
    /// <summary>Texts stay readable; <c>nosniff</c> keeps browsers from taking them for HTML.</summary>
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a payload in the format that the caller asked for.</summary>
    /// <param name="response">The response.</param>
    /// <param name="status">Its status.</param>
    /// <param name="write">Writes the payload with minimal control information.</param>
    /// <param name="showsStatuses">Whether members of evolvable enumerations may be in it.</param>
    public static async Task WriteJsonAsync(this HttpResponse response, int status, Action<Utf8JsonWriter> write, bool showsStatuses = true)
    {
        var format = ODataFormat.Of(response.HttpContext);
        response.StatusCode = status;
        response.ContentType = format.ContentType;
        if (showsStatuses)
        {
            Preferences.ApplyUnknownMembers(response.HttpContext);
        }

        await using var json = new Utf8JsonWriter(response.BodyWriter, WriterOptions);
        if (format == ODataFormat.Default)
        {
            write(json);
            return;
        }

        var minimal = new ArrayBufferWriter<byte>();
        await using (var first = new Utf8JsonWriter(minimal, WriterOptions))
        {
            write(first);
        }

        ControlInformation.Rewrite(minimal.WrittenMemory, format, ServiceUrls.Root(response.HttpContext.Request), json);
    }
}
