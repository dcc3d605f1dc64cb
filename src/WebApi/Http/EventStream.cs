using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Http;

/// <summary>A response that is a stream of Server-Sent Events (HTML Standard §9.2).</summary>
/// <param name="response">The response.</param>
internal sealed class EventStream(HttpResponse response)
{
    // The server buffers little more than one part for a caller that reads slowly.
    private const int MaxPart = 32 * 1024;

    // A caller that takes a part in this time reads at the minimum rate of the server. The server itself detects a
    // caller that does not read only after the time that all buffered bytes may take.
    private static readonly TimeSpan _maxStall = TimeSpan.FromSeconds(8);

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

    /// <summary>
    /// Sends an event. The connection is aborted if the caller takes no part of it for eight seconds.
    /// </summary>
    /// <param name="text">The encoded event.</param>
    /// <param name="cancellationToken">Cancels the wait for a caller that reads slowly.</param>
    public async Task WriteAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        IsBroken = true;
        while (text.Length > 0)
        {
            var part = text[..Math.Min(text.Length, MaxPart)];
            var write = response.BodyWriter.WriteAsync(part, cancellationToken);
            if ((write.IsCompleted ? await write : await WaitAsync(write)).IsCompleted)
            {
                return;
            }

            text = text[part.Length..];
        }

        IsBroken = false;
    }

    // Aborting the request cancels the write.
    private async ValueTask<FlushResult> WaitAsync(ValueTask<FlushResult> write)
    {
        using var stall = new Timer(
            static http => ((HttpContext)http!).Abort(),
            response.HttpContext,
            _maxStall,
            Timeout.InfiniteTimeSpan
        );
        return await write;
    }
}
