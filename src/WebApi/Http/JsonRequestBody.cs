using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using IndustryData.Domain;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Http;

/// <summary>A request's body: one JSON object, read whole, with every fault that it has as JSON.</summary>
internal sealed class JsonRequestBody : IDisposable
{
    private const int FirstSize = 4096;
    private const int LargestUncounted = 64 * 1024;
    private const int BytesPerToken = 24;

    private static readonly TimeSpan _idleTimeout = TimeSpan.FromSeconds(10);

    private static readonly JsonDocumentOptions _scanned = new() { MaxDepth = JsonValidator.MaxLevels };
    private static readonly JsonDocumentOptions _strict = new()
    {
        MaxDepth = JsonValidator.MaxLevels,
        AllowDuplicateProperties = false,
    };

    private readonly JsonDocument _document;

    private JsonRequestBody(JsonDocument document, ValidationErrors faults, ReadOnlyMemory<byte> bytes) =>
        (_document, Faults, Bytes) = (document, faults, bytes);

    /// <summary>The body as it was sent, but for what nests too deeply.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The object.</summary>
    public JsonElement Root => _document.RootElement;

    /// <summary>
    /// What is wrong with its names, texts and nesting; reading goes on to add what is wrong with its members.
    /// </summary>
    public ValidationErrors Faults { get; }

    /// <summary>Reads the body.</summary>
    /// <returns>Null when it is no JSON object: the request has been answered then.</returns>
    /// <exception cref="BadHttpRequestException">The body is over the server's limit, or came too slowly.</exception>
    public static async Task<JsonRequestBody?> ReadAsync(HttpContext http)
    {
        if (!IsJson(http.Request))
        {
            await http.WriteErrorAsync(
                StatusCodes.Status415UnsupportedMediaType,
                "notJson",
                "Send the body as UTF-8 JSON, uncompressed, with the header 'Content-Type: application/json'."
            );
            return null;
        }

        if (await ReadWholeAsync(http) is not { } bytes)
        {
            await http.WriteErrorAsync(
                StatusCodes.Status413PayloadTooLarge,
                "bodyTooComplex",
                "The body needs more memory than one tenant may occupy; send a part of it."
            );
            return null;
        }

        if (!Utf8.IsValid(bytes.Span))
        {
            await http.WriteErrorAsync(
                StatusCodes.Status400BadRequest,
                "invalidUtf8",
                "The body is not valid UTF-8; encode it as UTF-8."
            );
            return null;
        }

        if (bytes.Span.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        try
        {
            var faults = new ValidationErrors();
            if (ParsePlain(bytes) is not { } document)
            {
                if (!JsonValidator.Validate(MemoryMarshal.AsMemory(bytes).Span, faults))
                {
                    await http.WriteErrorAsync(Error.Aggregate(faults));
                    return null;
                }

                document = JsonDocument.Parse(bytes, _scanned);
            }

            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return new JsonRequestBody(document, faults, bytes);
            }

            document.Dispose();
            await http.WriteErrorAsync(
                StatusCodes.Status400BadRequest,
                "notAnObject",
                "The body must be one JSON object."
            );
        }
        catch (JsonException exception)
        {
            await http.WriteErrorAsync(
                StatusCodes.Status400BadRequest,
                "malformedJson",
                $"The body is not one JSON value: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}. Comments, trailing commas and a second value are not JSON."
            );
        }

        return null;
    }

    public void Dispose() => _document.Dispose();

    /// <summary>
    /// Parses what the library alone finds nothing wrong with: without escapes, only names that stand twice and nesting
    /// are left to look for. Null: it has to be looked through.
    /// </summary>
    private static JsonDocument? ParsePlain(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Span.Contains((byte)'\\'))
        {
            return null;
        }

        try
        {
            return JsonDocument.Parse(bytes, _strict);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsJson(HttpRequest request) =>
        (
            request.ContentType == Routes.Json
            || (
                MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
                && type.MediaType.Equals(Routes.Json, StringComparison.OrdinalIgnoreCase)
                && (
                    !type.Charset.HasValue
                    || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                )
            )
        ) && (request.Headers.ContentEncoding.Count == 0 || request.Headers.ContentEncoding == "identity");

    /// <summary>Reads on. A caller that sends nothing for a while is refused.</summary>
    private static async ValueTask<ReadResult> ReadAsync(HttpContext http, PipeReader reader, IdleTimer idle)
    {
        try
        {
            return reader.TryRead(out var there) ? there : await reader.ReadAsync(idle.Begin());
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            if (http.Request.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal))
            {
                http.Response.Headers.Connection = "close";
            }

            throw new BadHttpRequestException(
                "The rest of the body does not come.",
                StatusCodes.Status408RequestTimeout
            );
        }
        catch (IOException broken) when (broken is not BadHttpRequestException)
        {
            // What Kestrel says of a chunk whose size is no 31-bit number, and of a caller that hangs up.
            throw new BadHttpRequestException(broken.Message, StatusCodes.Status400BadRequest, broken);
        }
    }

    /// <summary>Reads the whole body.</summary>
    /// <returns>Null if the body needs more memory than a tenant may ever have.</returns>
    private static async Task<ReadOnlyMemory<byte>?> ReadWholeAsync(HttpContext http)
    {
        var admission = Admission.Of(http);
        var reader = http.Request.BodyReader;
        using var idle = new IdleTimer(http, admission);

        // Memory for all of it, before any of it is read. The server itself refuses to read a body that is declared to
        // be too long.
        var declared = http.Request.ContentLength ?? 0;
        var isTooLong =
            declared > (http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? int.MaxValue);
        if (!isTooLong && admission?.NeverFits(declared) == true)
        {
            return null;
        }

        var whole = isTooLong ? [] : Allocate(admission, declared > 0 ? (int)declared : FirstSize);
        var length = 0;
        while (true)
        {
            var read = await ReadAsync(http, reader, idle);
            foreach (var part in read.Buffer)
            {
                if (part.Length > whole.Length - length)
                {
                    whole = Enlarge(admission, whole, length, length + part.Length);
                }

                part.Span.CopyTo(whole.AsSpan(length));
                length += part.Length;
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                if (idle.HasSuspended)
                {
                    await admission!.ResumeAsync(http.RequestAborted);
                }

                var fits = ReserveForParsing(admission, whole.AsSpan(0, length));
                return fits ? whole.AsMemory(0, length) : default(ReadOnlyMemory<byte>?);
            }
        }
    }

    private static byte[] Allocate(Admission? admission, int size)
    {
        admission?.Reserve(size);
        return GC.AllocateUninitializedArray<byte>(size);
    }

    private static byte[] Enlarge(Admission? admission, byte[] whole, int length, int least)
    {
        var larger = Allocate(admission, Math.Max(least, 2 * whole.Length));
        whole.AsSpan(0, length).CopyTo(larger);
        admission?.Release(whole.Length);
        return larger;
    }

    // The parser keeps a row for each token, in an array that doubles. Without this, a body of "[0,0,0,…" would occupy
    // many times what it is counted for.
    private static bool ReserveForParsing(Admission? admission, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= LargestUncounted || admission is null)
        {
            return true;
        }

        var tokens =
            (long)bytes.Count((byte)',') + bytes.Count((byte)':') + bytes.Count((byte)'{') + bytes.Count((byte)'[');
        if (admission.NeverFits(bytes.Length + (tokens * BytesPerToken)))
        {
            return false;
        }

        admission.Reserve(tokens * BytesPerToken);
        return true;
    }

    /// <summary>Cancels a read that waits for too long. Costs nothing until a read has to wait.</summary>
    private sealed class IdleTimer(HttpContext http, Admission? admission) : IDisposable
    {
        private CancellationTokenSource? _cancellation;

        /// <summary>Whether the request's permit was given back because a read had to wait.</summary>
        public bool HasSuspended { get; private set; }

        public CancellationToken Begin()
        {
            // The caller sets the pace, so others of the tenant may go on.
            HasSuspended |= admission?.Suspend() == true;
            _cancellation ??= CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
            _cancellation.CancelAfter(admission?.IdleTimeout ?? _idleTimeout);
            return _cancellation.Token;
        }

        public void Dispose() => _cancellation?.Dispose();
    }
}
