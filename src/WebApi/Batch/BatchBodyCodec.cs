using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using IndustryData.Domain.Json;
using IndustryData.WebApi.Http;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Batch;

/// <summary>Bodies within JSON: as they are when they are JSON, as strings otherwise.</summary>
internal static class BatchBodyCodec
{
    /// <summary>The bytes that a request of its own would have sent.</summary>
    /// <returns>Null when a body that is not JSON is no base64 either.</returns>
    public static byte[]? Decode(JsonElement body, string? contentType)
    {
        // Without a type it is sent as it stands, for the route to refuse.
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

    /// <summary>Writes the body of an answer that is not JSON.</summary>
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> body, string? contentType)
    {
        if (MediaTypeHeaderValue.TryParse(contentType, out var type) && type.Type.Equals("text", StringComparison.OrdinalIgnoreCase))
        {
            json.WriteStringValue(Encoding.UTF8.GetString(body));
        }
        else
        {
            json.WriteBase64StringValue(body);
        }
    }

    /// <summary>Whether a body of this type stands in JSON as it is.</summary>
    public static bool IsJson(string? contentType) => contentType == Routes.Json
        || (MediaTypeHeaderValue.TryParse(contentType, out var type)
            && (type.MediaType.Equals(Routes.Json, StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase)));
}
