using System.Text.Encodings.Web;
using System.Text.Json;

namespace IndustryData.WebApi.Http;

/// <summary>The form of all JSON that the service writes.</summary>
internal static class ResponseJson
{
    /// <summary>
    /// The options of the JSON writer. Only the necessary characters are escaped, so that text stays readable.
    /// <c>nosniff</c> prevents browsers from interpreting it as HTML.
    /// </summary>
    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
