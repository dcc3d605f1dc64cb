using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using IndustryData.WebApi.Http;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Batch;

/// <summary>
/// Converts the bodies of requests and responses from and to members of the batch. A JSON body is embedded unchanged.
/// Any other body is embedded as a string.
/// </summary>
internal static class BatchBodyCodec
{
    /// <summary>Returns the bytes of the body as in a separate request.</summary>
    /// <returns>The bytes; null if a body that is not JSON is not valid base64 either.</returns>
    public static byte[]? Decode(JsonElement body, string? contentType)
    {
        // A body without a content type is passed on unchanged. The endpoint rejects it.
        if (string.IsNullOrEmpty(contentType) || IsJson(contentType))
        {
            return JsonMarshal.GetRawUtf8Value(body).ToArray();
        }

        var text = JsonElementExtensions.TryGetString(body)?.TrimEnd('=').Replace('+', '-').Replace('/', '_');
        try
        {
            return text is null ? null : Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Writes the body of a response that is not JSON.</summary>
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> body, string? contentType)
    {
        if (
            MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.Type.Equals("text", StringComparison.OrdinalIgnoreCase)
        )
        {
            json.WriteStringValue(Encoding.UTF8.GetString(body));
        }
        else
        {
            json.WriteBase64StringValue(body);
        }
    }

    /// <summary>Checks a content type for JSON. A JSON body is embedded in the batch unchanged.</summary>
    /// <returns>Returns true if the content type is JSON.</returns>
    public static bool IsJson(string? contentType) =>
        contentType == MediaTypes.Json
        || (
            MediaTypeHeaderValue.TryParse(contentType, out var type)
            && (
                type.MediaType.Equals(MediaTypes.Json, StringComparison.OrdinalIgnoreCase)
                || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase)
            )
        );
}
