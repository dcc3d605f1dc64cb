using System.Buffers;
using System.Text.Json;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.Batch;

/// <summary>The response to one request of a batch.</summary>
/// <param name="Status">The HTTP status code.</param>
/// <param name="Headers">All headers that the service wrote.</param>
/// <param name="Body">The body; empty if there is none.</param>
internal sealed record BatchItemResponse(int Status, IHeaderDictionary Headers, BufferedResponseBody Body)
{
    // These headers belong to a message and not to a response (RFC 9110 §7.6.1). The message of the batch has its own.
    private static readonly HashSet<string> _hopByHopHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection",
        "Keep-Alive",
        "Transfer-Encoding",
        "Trailer",
        "Upgrade",
        "Content-Length",
    };

    /// <summary>True if the request failed. Requests that depend on it must not run.</summary>
    public bool HasFailed => ErrorStatus.IsError(Status);

    /// <summary>True if the body is JSON. The response to the batch contains a JSON body unchanged.</summary>
    public bool HasJsonBody => Body.Length > 0 && BatchBodyCodec.IsJson(Headers.ContentType);

    /// <summary>
    /// Writes the item of <c>responses</c> up to its body. A body that is not JSON is also written. The caller must
    /// write a JSON body.
    /// </summary>
    public void WriteHead(Utf8JsonWriter json, BatchItem item)
    {
        json.WriteStartObject();
        json.WriteString("id", item.Id);
        json.WriteNumber("status", Status);
        json.WriteStartObject("headers");
        foreach (var (name, values) in Headers)
        {
            if (_hopByHopHeaders.Contains(name))
            {
                continue;
            }

            json.WriteString(name, values.Count == 1 ? values[0] : string.Join(", ", values.AsEnumerable()));
        }

        json.WriteEndObject();
        if (Body.Length > 0 && !HttpMethods.IsHead(item.Method))
        {
            json.WritePropertyName("body");
            if (!HasJsonBody)
            {
                BatchBodyCodec.Write(json, Body.Written.Written.ToArray(), Headers.ContentType);
            }
        }
    }
}
