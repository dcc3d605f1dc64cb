using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Http;

/// <summary>The one media type that payloads are written in.</summary>
internal static class ODataJson
{
    /// <summary>Graph's content type.</summary>
    public const string ContentType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

    /// <summary>Texts stay readable; <c>nosniff</c> keeps browsers from taking them for HTML.</summary>
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a payload.</summary>
    public static async Task WriteJsonAsync(this HttpResponse response, int status, Action<Utf8JsonWriter> write)
    {
        response.StatusCode = status;
        response.ContentType = ContentType;
        await using var json = new Utf8JsonWriter(response.BodyWriter, WriterOptions);
        write(json);
    }

    /// <summary>Whether the caller takes JSON: no <c>Accept</c> at all means anything (RFC 9110 §12.5.1).</summary>
    public static bool IsAcceptable(HttpRequest request) => IsAcceptable(request, "application", "json");

    /// <summary>Whether the caller takes a media type.</summary>
    public static bool IsAcceptable(HttpRequest request, string type, string subType)
    {
        var accept = request.Headers.Accept;
        return string.IsNullOrWhiteSpace(accept.ToString())
            || (MediaTypeHeaderValue.TryParseList(accept, out var ranges)
                && ranges.Any(r => r.Quality is null or > 0 && (r.MatchesAllTypes || new MediaTypeHeaderValue($"{type}/{subType}").IsSubsetOf(new MediaTypeHeaderValue(r.MediaType)))));
    }
}
