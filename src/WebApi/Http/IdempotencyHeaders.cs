using System.Globalization;
using System.Security.Cryptography;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Requests that may be repeated: <c>Repeatability-Request-ID</c> with <c>Repeatability-First-Sent</c> (OASIS
/// Repeatable Requests 1.0), or <c>Idempotency-Key</c>.
/// </summary>
internal static class IdempotencyHeaders
{
    private const string RequestId = "Repeatability-Request-ID";
    private const string FirstSent = "Repeatability-First-Sent";
    private const string KeyHeader = "Idempotency-Key";
    private const int MaxKeyLength = 255;

    /// <summary>Reads the key of a request, if it has one.</summary>
    /// <param name="http">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="withRepresentation">How the request is answered when it is the first.</param>
    /// <returns>Whether the request goes on; false when it has been answered with a refusal.</returns>
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
            name =
                key is [{ Length: > 0 and <= MaxKeyLength } text] && text.All(c => c is >= ' ' and <= '~')
                    ? $"idempotency {text}"
                    : null;
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
                await http.WriteErrorAsync(
                    StatusCodes.Status412PreconditionFailed,
                    "repeatedTooLate",
                    $"{FirstSent} is more than 24 hours ago, so that a repeat cannot be distinguished from a new request; look whether the run is there, and send it under a new id if not."
                );
                return (false, null);
            }

            name = $"repeatability {requestId}";
        }

        if (name is null)
        {
            await http.WriteErrorAsync(
                StatusCodes.Status400BadRequest,
                "malformedRequestKey",
                $"To repeat a request safely send either {RequestId} (a GUID) together with {FirstSent} (an HTTP date), or {KeyHeader} (1 to {MaxKeyLength} printable ASCII characters)."
            );
            return (false, null);
        }

        return (true, new IdempotencyKey(name, SHA256.HashData(body.Span), withRepresentation));
    }

    /// <summary>Tells the caller that its request was carried out once, now or before.</summary>
    public static void MarkAccepted(HttpContext http) => http.Response.Headers["Repeatability-Result"] = "accepted";
}
