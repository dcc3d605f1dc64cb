using IndustryData.Application.Common;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Lets a client read its own writes while reads go to standbys: a write returns its position, and a read that sends it
/// includes the write. A read that a standby has failed to answer is repeated on the primary.
/// </summary>
internal static class PositionMiddleware
{
    /// <summary>The name of the header of requests and responses.</summary>
    public const string HeaderName = "x-industrydata-position";

    public static async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var sent = http.Request.Headers[HeaderName];
        var required = sent.Count == 1 ? DatabasePosition.Read(sent[0]) : null;
        if (sent.Count > 0 && required is null)
        {
            await http.WriteBadRequestAsync(
                "invalidPosition",
                $"The header {HeaderName} must be the value of one response of this service, without changes."
            );
            return;
        }

        var request = RequestPosition.Begin(required);
        http.Response.OnStarting(() =>
        {
            WritePosition(http, request);
            return Task.CompletedTask;
        });
        try
        {
            await next(http);
        }
        catch (Exception) when (request.HasStandbyFailed && IsRead(http) && !http.Response.HasStarted)
        {
            RequestIdMiddleware.Restart(http);
            await next(http);
        }

        // The response to a request of a batch does not start.
        if (!http.Response.HasStarted)
        {
            WritePosition(http, request);
        }
    }

    private static void WritePosition(HttpContext http, RequestPosition request)
    {
        if (request.Written is { } written)
        {
            http.Response.Headers[HeaderName] = written.ToString();
        }
    }

    private static bool IsRead(HttpContext http) =>
        HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
}
