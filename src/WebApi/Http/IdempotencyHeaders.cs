using System.Globalization;
using System.Security.Cryptography;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Reads the headers of requests that can be repeated safely: <c>Repeatability-Request-ID</c> with
/// <c>Repeatability-First-Sent</c> (OASIS Repeatable Requests 1.0), or <c>Idempotency-Key</c>.
/// </summary>
internal static class IdempotencyHeaders
{
    /// <summary>The header with a key of any form.</summary>
    public const string KeyHeader = "Idempotency-Key";

    /// <summary>The maximum length of <see cref="KeyHeader"/>.</summary>
    public const int MaxKeyLength = 255;

    private const string RequestId = "Repeatability-Request-ID";
    private const string FirstSent = "Repeatability-First-Sent";

    /// <summary>Reads the idempotency key of a request, if it has one.</summary>
    /// <param name="http">The request.</param>
    /// <param name="body">The body of the request.</param>
    /// <param name="withRepresentation">True if the response to the first request with the key has the entity.</param>
    /// <returns>
    /// GoesOn is true if the request can be processed. Otherwise, the error response has been written. Key is null if
    /// the request has no key.
    /// </returns>
    public static async Task<(bool GoesOn, IdempotencyKey? Key)> TryReadAsync(
        HttpContext http,
        ReadOnlyMemory<byte> body,
        bool withRepresentation
    )
    {
        var headers = http.Request.Headers;
        var (id, sent, key) = (headers[RequestId], headers[FirstSent], headers[KeyHeader]);
        if (id.Count == 0 && sent.Count == 0 && key.Count == 0)
        {
            return (true, null);
        }

        string? name = null;
        if (key.Count > 0 && id.Count + sent.Count == 0)
        {
            name = key is [{ } text] && IsKey(text) ? KeyName(text) : null;
        }
        else if (
            key.Count == 0
            && id is [{ } guid]
            && Guid.TryParseExact(guid, "D", out var requestId)
            && sent is [{ } date]
            && DateTimeOffset.TryParseExact(
                date,
                "r",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var moment
            )
        )
        {
            if (
                http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow() - moment
                >= IdempotencyKey.TimeToLive
            )
            {
                http.Response.Headers["Repeatability-Result"] = "rejected";
                await http.WriteStatusAsync(
                    StatusCodes.Status412PreconditionFailed,
                    "repeatabilityWindowExpired",
                    $"{FirstSent} is more than 24 hours ago, "
                        + "so a repeat cannot be distinguished from a new request; "
                        + "read the runs, and send the request with a new id if the run does not exist."
                );
                return (false, null);
            }

            name = $"repeatability {requestId}";
        }

        if (name is null)
        {
            await http.WriteBadRequestAsync(
                "invalidIdempotencyKey",
                "The headers for repeating the request safely are not valid; "
                    + $"send either {RequestId} (a GUID) together with {FirstSent} (an HTTP date), "
                    + $"or {KeyHeader} (1 to {MaxKeyLength} printable ASCII characters)."
            );
            return (false, null);
        }

        return (true, new IdempotencyKey(name, SHA256.HashData(body.Span), withRepresentation));
    }

    /// <summary>Checks a text that is sent as <see cref="KeyHeader"/>.</summary>
    public static bool IsKey(string text) =>
        text.Length is > 0 and <= MaxKeyLength && text.All(c => c is >= ' ' and <= '~');

    /// <summary>Returns the idempotency key of a body.</summary>
    /// <param name="text">The text of <see cref="KeyHeader"/>.</param>
    /// <param name="body">The body.</param>
    /// <returns>The key; null if the text is not valid.</returns>
    public static IdempotencyKey? TryCreate(string text, ReadOnlyMemory<byte> body) =>
        IsKey(text) ? new IdempotencyKey(KeyName(text), SHA256.HashData(body.Span), IncludesRun: false) : null;

    /// <summary>Reports in the response that the request was executed once, now or earlier.</summary>
    public static void MarkAccepted(HttpContext http) => http.Response.Headers["Repeatability-Result"] = "accepted";

    private static string KeyName(string text) => $"idempotency {text}";
}
