using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Http;

/// <summary>A response that is a stream of Server-Sent Events (HTML Standard §9.2).</summary>
/// <param name="response">The response.</param>
internal sealed class EventStream(HttpResponse response)
{
    // The server buffers at most this much for a caller that reads slowly, and as much again.
    private const int MaxWrite = 64 * 1024;

    /// <summary>True if an event was written only in part. Nothing can be written after it.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Encodes an event.</summary>
    /// <param name="name">The name of the event.</param>
    /// <param name="id">The id; null if the event has none.</param>
    /// <param name="data">Writes the data.</param>
    /// <param name="retry">The time after which the caller should reconnect; null if it is not said.</param>
    public static ReadOnlyMemory<byte> Encode(
        string name,
        string? id = null,
        Action<Utf8JsonWriter>? data = null,
        TimeSpan? retry = null
    )
    {
        var text = new ArrayBufferWriter<byte>();
        Encoding.UTF8.GetBytes($"event: {name}\n", text);
        if (id is not null)
        {
            Encoding.UTF8.GetBytes($"id: {id}\n", text);
        }

        if (retry is { } wait)
        {
            Encoding.UTF8.GetBytes($"retry: {(long)wait.TotalMilliseconds}\n", text);
        }

        Encoding.UTF8.GetBytes("data: ", text);
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, ResponseJson.WriterOptions))
        {
            if (data is null)
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
            else
            {
                data(writer);
            }
        }

        // A line break ends the field. Within JSON, it can only stand between tokens of stored JSON, as white space.
        var target = text.GetSpan(json.WrittenCount)[..json.WrittenCount];
        json.WrittenSpan.CopyTo(target);
        target.Replace((byte)'\n', (byte)' ');
        target.Replace((byte)'\r', (byte)' ');
        text.Advance(json.WrittenCount);
        Encoding.UTF8.GetBytes("\n\n", text);
        return text.WrittenMemory;
    }

    /// <summary>Writes the headers of the response. They are sent with the first event.</summary>
    public void SetHeaders()
    {
        response.ContentType = MediaTypes.EventStream;
        response.Headers.CacheControl = "no-cache,no-store";

        // nginx would hold events back until its buffer is full.
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
    }

    /// <summary>Sends an event.</summary>
    /// <param name="text">The encoded event.</param>
    /// <param name="cancellationToken">Cancels the wait for a caller that reads slowly.</param>
    public async Task WriteAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        IsBroken = true;
        while (text.Length > 0)
        {
            var part = text[..Math.Min(text.Length, MaxWrite)];
            var sent = await response.BodyWriter.WriteAsync(part, cancellationToken);
            if (sent.IsCompleted)
            {
                return;
            }

            text = text[part.Length..];
        }

        IsBroken = false;
    }
}
