using Serilog.Context;

namespace IndustryData.WebApi.Http;

/// <summary>Assigns an id to every request, and writes the headers that every response has.</summary>
internal static class RequestIdMiddleware
{
    private const int MaxClientIdLength = 256;

    /// <summary>
    /// Returns the id that the caller assigned to the request; null if there is none that can be repeated in a header.
    /// </summary>
    public static string? ClientRequestId(HttpContext http)
    {
        var id = http.Request.Headers["client-request-id"];
        return id is [{ Length: > 0 and <= MaxClientIdLength } text] && text.All(c => c is >= ' ' and <= '~')
            ? text
            : null;
    }

    /// <summary>Assigns the <c>request-id</c> of the request. Log entries contain it too.</summary>
    public static async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        http.TraceIdentifier = NewId();
        WriteHeaders(http);
        using var clientRequestId = ClientRequestId(http) is { } id
            ? LogContext.PushProperty("client_request_id", id)
            : null;
        using (LogContext.PushProperty("request_id", http.TraceIdentifier))
        {
            await next(http);
        }
    }

    /// <summary>Clears the response except for the headers that every response has.</summary>
    public static void Restart(HttpContext http)
    {
        var transportSecurity = http.Response.Headers.StrictTransportSecurity;
        http.Response.Clear();
        WriteHeaders(http);
        http.Response.Headers.StrictTransportSecurity = transportSecurity;
    }

    // The id must be unique, but not secret. Random bits from the operating system would need a system call for each
    // request.
    private static string NewId()
    {
        Span<byte> bits = stackalloc byte[16];
        Random.Shared.NextBytes(bits);
        return new Guid(bits).ToString();
    }

    /// <summary>Writes the headers that every response has.</summary>
    public static void WriteHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers["request-id"] = http.TraceIdentifier;
        if (ClientRequestId(http) is { } clientRequestId)
        {
            headers["client-request-id"] = clientRequestId;
        }

        headers["OData-Version"] = ODataVersions.Written;
        headers.XContentTypeOptions = "nosniff";

        // Responses belong to one tenant and are not web pages. Caches must not store them, and browsers must not run
        // scripts in them. The pages of /docs have other values.
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
    }
}
