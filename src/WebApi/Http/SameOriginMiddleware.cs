using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Rejects requests with the session of a browser that another site may have caused (403). It runs after routing and
/// before authentication. Requests with a token are not affected.
/// </summary>
internal static class SameOriginMiddleware
{
    /// <summary>Processes a request.</summary>
    public static Task InvokeAsync(HttpContext http, RequestDelegate next) =>
        !Sessions.AppliesTo(http) || SameOrigin.Allows(http.Request) ? next(http) : RejectAsync(http);

    /// <summary>Writes the response for a request that does not come from a page of this service.</summary>
    public static Task RejectAsync(HttpContext http) =>
        http.WriteForbiddenAsync(
            "otherOrigin",
            "A session is only for requests of this service's own pages (Sec-Fetch-Site or Origin). "
                + "Open the page over https or at localhost: only there, browsers say where a request comes from. "
                + "A program sends a token in the header Authorization."
        );
}
