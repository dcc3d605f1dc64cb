using System.Globalization;
using System.Text.Json;
using IndustryData.Application.Common;
using IndustryData.Domain;
using Microsoft.AspNetCore.WebUtilities;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Converts errors to Microsoft Graph error responses. Only this class defines the status code of each kind of error.
/// </summary>
internal static class GraphErrors
{
    /// <summary>The sentence that ends the message of an error without effect.</summary>
    public const string NothingStored = "Nothing was stored.";

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

    /// <summary>Writes the response for an invalid request (400).</summary>
    public static Task WriteBadRequestAsync(this HttpContext http, string code, string message) =>
        http.WriteStatusAsync(StatusCodes.Status400BadRequest, code, message);

    /// <summary>Writes the response for a request that the caller may not send (403).</summary>
    public static Task WriteForbiddenAsync(this HttpContext http, string code, string message) =>
        http.WriteStatusAsync(StatusCodes.Status403Forbidden, code, message);

    /// <summary>Writes the response for a request that accepts no format of the response (406).</summary>
    public static Task WriteNotAcceptableAsync(this HttpContext http, string message) =>
        http.WriteStatusAsync(StatusCodes.Status406NotAcceptable, "notAcceptable", message);

    /// <summary>Writes the response for a body that is too large (413).</summary>
    public static Task WriteContentTooLargeAsync(this HttpContext http, string code, string message) =>
        http.WriteStatusAsync(StatusCodes.Status413PayloadTooLarge, code, message);

    /// <summary>Writes the response for a request that depends on a failed request (424).</summary>
    public static Task WriteFailedDependencyAsync(this HttpContext http, string message) =>
        http.WriteStatusAsync(StatusCodes.Status424FailedDependency, "failedDependency", message);

    /// <summary>Writes the response for a limit of the tenant that stopped a request (429).</summary>
    /// <param name="http">The request.</param>
    /// <param name="limit">The limit.</param>
    /// <param name="outcome">A sentence about what was stored, to append to the message.</param>
    public static Task WriteErrorAsync(this HttpContext http, LimitExceededException limit, string outcome) =>
        http.WriteStatusAsync(
            StatusCodes.Status429TooManyRequests,
            limit.Code,
            Sentences(limit.Message, outcome),
            limit.RetryAfter
        );

    /// <summary>Writes the response for a request with too many or too long headers (431).</summary>
    public static Task WriteHeadersTooLargeAsync(this HttpContext http, string message) =>
        http.WriteStatusAsync(StatusCodes.Status431RequestHeaderFieldsTooLarge, "headersTooLarge", message);

    /// <summary>Writes the response for a part of the protocol that is not implemented (501).</summary>
    public static Task WriteNotSupportedAsync(this HttpContext http, string message) =>
        http.WriteStatusAsync(StatusCodes.Status501NotImplemented, "notSupported", message);

    /// <summary>Writes the response for a request that exceeds a limit of the service (503).</summary>
    /// <inheritdoc cref="WriteErrorAsync(HttpContext, LimitExceededException, string)" path="/param" />
    public static Task WriteErrorAsync(this HttpContext http, ServiceLimitException limit, string outcome) =>
        http.WriteUnavailableAsync(limit.Code, Sentences(limit.Message, outcome), limit.RetryAfter);

    /// <summary>Writes the response for a request that the database cannot process (503).</summary>
    /// <param name="http">The request.</param>
    /// <param name="outage">The outage of the database.</param>
    /// <param name="outcome">A sentence about what was stored, to append to the message.</param>
    public static Task WriteErrorAsync(this HttpContext http, DatabaseOutage outage, string outcome = "") =>
        http.WriteUnavailableAsync(outage.Code, Sentences(outage.Message, outcome), outage.RetryAfter);

    /// <summary>Writes the response for a service that is not ready (503).</summary>
    /// <param name="http">The request.</param>
    /// <param name="outage">The outage.</param>
    /// <param name="reasons">All reasons, which become the details.</param>
    public static Task WriteErrorAsync(this HttpContext http, DatabaseOutage outage, IReadOnlyList<Error> reasons)
    {
        http.RetryAfter(outage.RetryAfter);
        return http.WriteErrorAsync(
            StatusCodes.Status503ServiceUnavailable,
            new Error(ErrorKind.Validation, outage.Code, outage.Message) { Details = reasons }
        );
    }

    /// <summary>Writes the response for a request that the service cannot process at the moment (503).</summary>
    public static Task WriteUnavailableAsync(this HttpContext http, string code, string message, TimeSpan retryAfter) =>
        http.WriteStatusAsync(StatusCodes.Status503ServiceUnavailable, code, message, retryAfter);

    /// <summary>Writes the response of a batch item whose own response exceeds the limit (507).</summary>
    public static Task WriteResponseTooLargeAsync(this HttpContext http, string message) =>
        http.WriteStatusAsync(StatusCodes.Status507InsufficientStorage, "responseTooLarge", message);

    /// <summary>
    /// Writes the response for an error at the HTTP level. Other namespaces use the methods that name the error.
    /// </summary>
    public static Task WriteStatusAsync(
        this HttpContext http,
        int status,
        string code,
        string message,
        TimeSpan? retryAfter = null
    )
    {
        if (retryAfter is { } wait)
        {
            http.RetryAfter(wait);
        }

        return http.WriteErrorAsync(status, new Error(ErrorKind.Validation, code, message));
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

    /// <summary>Writes a member with an array of errors.</summary>
    public static void WriteErrors(this Utf8JsonWriter json, string name, IEnumerable<Error> errors)
    {
        json.WriteStartArray(name);
        foreach (var error in errors)
        {
            json.WriteStartObject();
            json.WriteString("code", error.Code);
            json.WriteString("message", error.Message);
            json.WriteString("target", error.Target);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Sentences(string message, string outcome) =>
        outcome.Length == 0 ? message : $"{message} {outcome}";

    // The time is rounded up to whole seconds.
    private static void RetryAfter(this HttpContext http, TimeSpan wait) =>
        http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private static async Task WriteErrorAsync(this HttpContext http, int status, Error error)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = MediaTypes.Json;
        http.Features.Set(new ErrorCode(error.Code));
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }

        if (http.GetEndpoint()?.Metadata.GetMetadata<ErrorPage>() is { } page)
        {
            await page.WriteAsync(http, status, error with { Message = MessageOf(error) });
            return;
        }

        await using var json = new Utf8JsonWriter(http.Response.BodyWriter, ResponseJson.WriterOptions);
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
            json.WriteErrors("details", error.Details);
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
