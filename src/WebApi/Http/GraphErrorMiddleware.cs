using IndustryData.Application.Common;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Converts unhandled exceptions, and the status codes that routing and authorization return without a body, to
/// Microsoft Graph error responses.
/// </summary>
internal sealed partial class GraphErrorMiddleware(
    RequestDelegate next,
    IDatabaseHealth database,
    RefusalLog refusals,
    ILogger<GraphErrorMiddleware> logger
)
{
    /// <summary>The maximum length of the request target, in bytes.</summary>
    public const int MaxUrlLength = 32 * 1024;

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            if (http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Length > MaxUrlLength)
            {
                await http.WriteStatusAsync(
                    StatusCodes.Status414UriTooLong,
                    "uriTooLong",
                    $"The URL is longer than {MaxUrlLength} bytes; shorten it."
                );
                return;
            }

            if (!ServiceRoot.HasValidHost(http.Request))
            {
                await http.WriteBadRequestAsync(
                    "invalidHost",
                    "The Host header is not a valid host name; send the name and port of the service."
                );
                return;
            }

            await next(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client closed the connection.
        }
        catch (BadHttpRequestException exception) when (!http.Response.HasStarted)
        {
            await RefuseBadRequestAsync(http, exception.StatusCode);
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            RequestIdMiddleware.Restart(http);
            if (
                exception is LimitExceededException or ServiceLimitException
                && http.Request.ContentLength > UnreadBodyMiddleware.MaxSmallBytes
            )
            {
                // Some clients stop sending the body if the response announces that the connection will be closed.
                http.Response.Headers.Connection = "close";
            }

            if (exception is LimitExceededException limit)
            {
                refusals.Write(limit.Code, limit.Message);
                await http.WriteErrorAsync(limit, GraphErrors.NothingStored);
            }
            else if (exception is ServiceLimitException full)
            {
                refusals.Write(full.Code, full.Message);
                await http.WriteErrorAsync(full, GraphErrors.NothingStored);
            }
            else if (exception is IssuerUnavailableException)
            {
                await http.WriteUnavailableAsync(
                    "issuerUnavailable",
                    "The identity provider that issues the token cannot be reached, so the token cannot be validated; "
                        + "send the request again in a few seconds.",
                    IssuerAvailability.RetryInterval
                );
            }
            else if (exception is SignInRefusedException refused)
            {
                await http.WriteForbiddenAsync(refused.Code, refused.Message);
            }
            else if (database.Classify(exception) is { } outage)
            {
                refusals.Write(outage.Code, exception.GetBaseException().Message);
                var stored =
                    HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) ? ""
                    : outage.NothingWasStored ? GraphErrors.NothingStored
                    : "It is not known whether what you sent was stored: list the runs before you send it again.";
                await http.WriteErrorAsync(outage, stored);
            }
            else
            {
                LogFailure(exception);
                await http.WriteStatusAsync(
                    StatusCodes.Status500InternalServerError,
                    "internalError",
                    "An unexpected error occurred; it is not known whether what you sent was stored. "
                        + "Give the operator the request-id."
                );
            }
        }

        if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
        {
            if (http.Response.StatusCode == StatusCodes.Status405MethodNotAllowed)
            {
                OptionsMiddleware.AddOptions(http.Response);
            }

            await RefuseBareStatusAsync(http);
        }
    }

    private static Task RefuseBadRequestAsync(HttpContext http, int status)
    {
        var maxBytes = http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
        return status switch
        {
            StatusCodes.Status413PayloadTooLarge => http.WriteStatusAsync(
                status,
                "bodyTooLarge",
                $"The body is over {(maxBytes < 1 << 20 ? $"{maxBytes >> 10} KiB" : $"{maxBytes >> 20} MiB")}; "
                    + "send a smaller one."
            ),
            StatusCodes.Status408RequestTimeout => http.WriteStatusAsync(
                status,
                "requestTimeout",
                "The body arrived too slowly; send the request again."
            ),
            _ => http.WriteStatusAsync(
                status,
                "malformedRequest",
                "The request is not well-formed HTTP; send it again."
            ),
        };
    }

    private static Task RefuseBareStatusAsync(HttpContext http) =>
        http.Response.StatusCode switch
        {
            StatusCodes.Status401Unauthorized => http.WriteStatusAsync(
                401,
                "invalidToken",
                "The request needs a valid token: send the header 'Authorization: Bearer {token}'. "
                    + "The header WWW-Authenticate says why a token was rejected."
            ),
            StatusCodes.Status403Forbidden => http.WriteStatusAsync(
                403,
                "insufficientPermissions",
                "The token lacks the permission for this request; "
                    + $"its 'scp' or 'roles' must name {RequiredPermission(http)}."
            ),
            StatusCodes.Status404NotFound => http.WriteStatusAsync(
                404,
                "pathNotFound",
                "There is nothing at this path. "
                    + "The runs are at /process/runs and /external/industryData/runs, below / or /beta."
            ),
            StatusCodes.Status405MethodNotAllowed => http.WriteStatusAsync(
                405,
                "methodNotAllowed",
                $"This path does not take {http.Request.Method}; it takes {http.Response.Headers.Allow}."
            ),
            var status => http.WriteStatusAsync(status, GraphErrors.CodeOf(status), "The request cannot be answered."),
        };

    private static string RequiredPermission(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<Permission>()?.AnyOf.Aggregate((a, b) => $"{a} or {b}")
        ?? "one that allows it";

    [LoggerMessage(Level = LogLevel.Error, Message = "A request failed unexpectedly")]
    private partial void LogFailure(Exception exception);
}
