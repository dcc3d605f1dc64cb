using System.Globalization;
using System.Text.Json;
using IndustryData.Domain;
using Microsoft.AspNetCore.WebUtilities;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Converts errors to Microsoft Graph error responses. Only this class defines the status code of each kind of error.
/// </summary>
internal static class GraphErrors
{
    /// <summary>Writes the response for an expected error.</summary>
    public static Task WriteErrorAsync(this HttpContext http, Error error)
    {
        if (error.RetryAfter is { } wait)
        {
            http.RetryAfter(wait);
        }

        return http.WriteErrorAsync(StatusOf(error.Kind), error);
    }

    // A kind without a status is a build error (CS8509). CS8524 also asks for numbers that name no kind.
#pragma warning disable CS8524
    /// <summary>Returns the status code of a kind of error.</summary>
    public static int StatusOf(ErrorKind kind) =>
        kind switch
        {
            ErrorKind.Validation => StatusCodes.Status400BadRequest,
            ErrorKind.NotFound => StatusCodes.Status404NotFound,
            ErrorKind.Conflict => StatusCodes.Status409Conflict,
            ErrorKind.Expired => StatusCodes.Status410Gone,
            ErrorKind.VersionMismatch => StatusCodes.Status412PreconditionFailed,
            ErrorKind.IdempotencyKeyReused => StatusCodes.Status422UnprocessableEntity,
            ErrorKind.RateLimited => StatusCodes.Status429TooManyRequests,
        };

    /// <summary>
    /// Returns the message of an error. It continues with the remedy in terms of HTTP, which other layers do not know.
    /// </summary>
    public static string MessageOf(Error error) =>
        error.Kind switch
        {
            ErrorKind.Validation or ErrorKind.NotFound or ErrorKind.Conflict or ErrorKind.IdempotencyKeyReused =>
                error.Message,
            ErrorKind.Expired => $"{error.Message} Begin at the URL in Location.",
            ErrorKind.VersionMismatch =>
                $"{error.Message} Its ETag is {EntityTags.Format(error.CurrentVersion ?? 0)}; send it in If-Match.",
            ErrorKind.RateLimited =>
                $"{error.Message} Retry-After has the time to wait; POST …/runs reports a run without a limit.",
        };
#pragma warning restore CS8524

    /// <summary>Writes the response for an error at the HTTP level.</summary>
    public static Task WriteErrorAsync(this HttpContext http, int status, string code, string message) =>
        http.WriteErrorAsync(status, new Error(ErrorKind.Validation, code, message));

    /// <summary>Writes the response for a temporary error, with the header <c>Retry-After</c>.</summary>
    public static Task WriteErrorAsync(
        this HttpContext http,
        int status,
        string code,
        string message,
        TimeSpan retryAfter
    )
    {
        http.RetryAfter(retryAfter);
        return http.WriteErrorAsync(status, code, message);
    }

    /// <summary>Returns the status in camelCase, as in Microsoft Graph (api-guidelines, errorResponses).</summary>
    public static string CodeOf(int status) =>
        status switch
        {
            StatusCodes.Status413PayloadTooLarge => "contentTooLarge",
            StatusCodes.Status414UriTooLong => "uriTooLong",
            StatusCodes.Status422UnprocessableEntity => "unprocessableContent",
            _ when ReasonPhrases.GetReasonPhrase(status).Replace(" ", "", StringComparison.Ordinal)
                    is { Length: > 0 } phrase => JsonNamingPolicy.CamelCase.ConvertName(phrase),
            _ => "generalException",
        };

    // The time is rounded up to whole seconds.
    private static void RetryAfter(this HttpContext http, TimeSpan wait) =>
        http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private static async Task WriteErrorAsync(this HttpContext http, int status, Error error)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }

        await using var json = new Utf8JsonWriter(http.Response.BodyWriter, ODataResponseWriter.WriterOptions);
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("code", CodeOf(status));
        json.WriteString("message", MessageOf(error));
        if (error.Target is not null)
        {
            // The type of an activity is an annotation in JSON. Only this error comes from a layer that names it.
            json.WriteString("target", error.Code == "typeIsFinal" ? "@odata.type" : error.Target);
        }

        if (error.Details.Count > 0)
        {
            json.WriteStartArray("details");
            foreach (var detail in error.Details)
            {
                json.WriteStartObject();
                json.WriteString("code", detail.Code);
                json.WriteString("message", detail.Message);
                json.WriteString("target", detail.Target);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteStartObject("innerError");
        json.WriteString("code", error.Code);

        // The time is in UTC and has no time zone designator, as in Microsoft Graph.
        json.WriteString(
            "date",
            http.RequestServices.GetRequiredService<TimeProvider>()
                .GetUtcNow()
                .UtcDateTime.ToString("s", CultureInfo.InvariantCulture)
        );
        json.WriteString("request-id", http.TraceIdentifier);
        json.WriteString("client-request-id", RequestIdMiddleware.ClientRequestId(http) ?? http.TraceIdentifier);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
