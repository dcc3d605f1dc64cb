using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using IndustryData.Application.Common;
using IndustryData.Domain;
using Mediator;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Http;

/// <summary>The body of a request: one JSON object, read completely, with all of its JSON errors.</summary>
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

    /// <summary>
    /// The body as sent, without a byte order mark. Values that are nested too deeply are replaced by <c>0</c>.
    /// </summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The JSON object.</summary>
    public JsonElement Root => _document.RootElement;

    /// <summary>
    /// The validation errors of names, strings and nesting. The readers of the members add their errors.
    /// </summary>
    public ValidationErrors Faults { get; }

    /// <summary>Reads and parses the body.</summary>
    /// <returns>
    /// The body; null if it is not one JSON object. In this case, the error response has been written.
    /// </returns>
    /// <exception cref="BadHttpRequestException">
    /// The body exceeds the limit of the server, arrives too slowly, or is not well-formed HTTP.
    /// </exception>
    public static async Task<JsonRequestBody?> ReadAsync(HttpContext http)
    {
        if (!IsJson(http.Request))
        {
            await http.WriteStatusAsync(
                StatusCodes.Status415UnsupportedMediaType,
                "notJson",
                "Send the body as UTF-8 JSON, uncompressed, with the header 'Content-Type: application/json'."
            );
            return null;
        }

        if (await ReadWholeAsync(http) is not { } bytes)
        {
            await http.WriteContentTooLargeAsync(
                "bodyTooComplex",
                "The body needs more memory than one tenant may occupy; send a part of it."
            );
            return null;
        }

        if (Parse(bytes).TryGetValue(out var body, out var error))
        {
            return body;
        }

        await http.WriteErrorAsync(error);
        return null;
    }

    /// <summary>Parses a body.</summary>
    /// <param name="bytes">The body as sent. Values that are nested too deeply are replaced in it by <c>0</c>.</param>
    /// <returns>The body; an error if it is not one JSON object.</returns>
    public static Result<JsonRequestBody> Parse(ReadOnlyMemory<byte> bytes)
    {
        if (!Utf8.IsValid(bytes.Span))
        {
            return Malformed("invalidUtf8", "The body is not valid UTF-8; encode it as UTF-8.");
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
                    return Error.Aggregate(faults);
                }

                document = JsonDocument.Parse(bytes, _scanned);
            }

            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return new JsonRequestBody(document, faults, bytes);
            }

            document.Dispose();
            return Malformed("notAnObject", "The body must be one JSON object.");
        }
        catch (JsonException exception)
        {
            return Malformed(
                "malformedJson",
                $"The body is not one JSON value: line {exception.LineNumber + 1}, "
                    + $"byte {exception.BytePositionInLine + 1}. "
                    + "Comments, trailing commas and a second value are not JSON."
            );
        }
    }

    public void Dispose() => _document.Dispose();

    /// <summary>
    /// Returns the errors of a body that could not be read completely. They contain the validation errors of the
    /// command, so that one response reports everything that has to be corrected.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="command">The command with what could be read. It must not be sent if there are errors.</param>
    /// <returns>The errors; null if the body was read completely. The pipeline then validates the command.</returns>
    public Error? FindErrors<TCommand>(HttpContext http, TCommand command)
        where TCommand : IMessage =>
        Faults.Count == 0
            ? null
            : FindErrors(http.RequestServices.GetRequiredService<IMessageValidator<TCommand>>(), command);

    /// <summary>
    /// Returns the errors of a body that could not be read completely. They contain the validation errors of the
    /// command.
    /// </summary>
    /// <returns>The errors; null if the body was read completely.</returns>
    public Error? FindErrors<TCommand>(IMessageValidator<TCommand> rules, TCommand command)
        where TCommand : IMessage
    {
        if (Faults.Count == 0)
        {
            return null;
        }

        foreach (var error in rules.Validate(command))
        {
            Faults.Add(error);
        }

        return Error.Aggregate(Faults);
    }

    /// <summary>
    /// Parses a body that needs no further validation. In a body without escape sequences, only duplicate names and
    /// excessive nesting have to be detected, and the parser detects both.
    /// </summary>
    /// <returns>The document; null if <see cref="JsonValidator"/> must validate the body.</returns>
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

    private static Error Malformed(string code, string message) => new(ErrorKind.Validation, code, message);

    private static bool IsJson(HttpRequest request) =>
        (
            request.ContentType == MediaTypes.Json
            || (
                MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
                && type.MediaType.Equals(MediaTypes.Json, StringComparison.OrdinalIgnoreCase)
                && (
                    !type.Charset.HasValue
                    || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                )
            )
        ) && (request.Headers.ContentEncoding.Count == 0 || request.Headers.ContentEncoding == "identity");

    /// <summary>Reads the next part of the body. Fails if the caller sends nothing for the idle timeout.</summary>
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
                "The rest of the body did not arrive within the idle timeout.",
                StatusCodes.Status408RequestTimeout
            );
        }
        catch (IOException broken) when (broken is not BadHttpRequestException)
        {
            // Kestrel throws this exception if the size of a chunk is not a 31-bit number, and if the caller closes the
            // connection.
            throw new BadHttpRequestException(broken.Message, StatusCodes.Status400BadRequest, broken);
        }
    }

    /// <summary>Reads the complete body.</summary>
    /// <returns>The body; null if it needs more memory than one tenant can ever reserve.</returns>
    private static async Task<ReadOnlyMemory<byte>?> ReadWholeAsync(HttpContext http)
    {
        var admission = Admission.Of(http);
        var reader = http.Request.BodyReader;
        using var idle = new IdleTimer(http, admission);

        // The memory for the declared length is reserved before the first read. The server itself rejects a body whose
        // declared length exceeds its limit.
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
            try
            {
                foreach (var part in read.Buffer)
                {
                    if (part.Length > whole.Length - length)
                    {
                        whole = Enlarge(admission, whole, length, length + part.Length);
                    }

                    part.Span.CopyTo(whole.AsSpan(length));
                    length += part.Length;
                }
            }
            finally
            {
                // If the memory is refused, the rest of the body is discarded. That fails while a read is unfinished.
                reader.AdvanceTo(read.Buffer.End);
            }

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

    // The parser stores a row for each token, in an array that doubles when it is full. Without this reservation, a
    // body such as "[0,0,0,…" would occupy many times the memory that is counted for it.
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

    /// <summary>
    /// Cancels a read that waits longer than the idle timeout. It costs nothing until a read has to wait.
    /// </summary>
    private sealed class IdleTimer(HttpContext http, Admission? admission) : IDisposable
    {
        private CancellationTokenSource? _cancellation;

        /// <summary>True if the request released its permit because a read had to wait.</summary>
        public bool HasSuspended { get; private set; }

        public CancellationToken Begin()
        {
            // The request now waits for its caller. Other requests of the tenant can use the permit.
            HasSuspended |= admission?.Suspend() == true;
            _cancellation ??= CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
            _cancellation.CancelAfter(admission?.IdleTimeout ?? _idleTimeout);
            return _cancellation.Token;
        }

        public void Dispose() => _cancellation?.Dispose();
    }
}
