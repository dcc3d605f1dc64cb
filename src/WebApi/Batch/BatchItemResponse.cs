using System.Buffers;
using System.Text.Json;

namespace IndustryData.WebApi.Batch;

/// <summary>What one request of a batch was answered with.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">All that the service wrote.</param>
/// <param name="Body">Empty when there is none.</param>
internal sealed record BatchItemResponse(int Status, IHeaderDictionary Headers, BufferedResponseBody Body)
{
    // Of the message, not of the answer (RFC 9110 §7.6.1): the batch's own message has its own.
    private static readonly HashSet<string> _hopByHopHeaders =
        new(StringComparer.OrdinalIgnoreCase) { "Connection", "Keep-Alive", "Transfer-Encoding", "Trailer", "Upgrade", "Content-Length" };

    /// <summary>Whether the requests that depend on this one must not run.</summary>
    public bool HasFailed => Status >= StatusCodes.Status400BadRequest;

    /// <summary>Whether the body is JSON, which stands in the answer as it is.</summary>
    public bool HasJsonBody => Body.Length > 0 && BatchBodyCodec.IsJson(Headers.ContentType);

    /// <summary>
    /// Writes the item of <c>responses</c> up to its body. A body that is not JSON is written too; JSON has to follow
    /// as it is.
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
