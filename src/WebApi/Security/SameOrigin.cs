namespace IndustryData.WebApi.Security;

/// <summary>
/// Determines whether the pages of this service caused a request. Browsers add cookies also to requests that other
/// sites cause (cross-site request forgery).
/// </summary>
internal static class SameOrigin
{
    private const string FetchSite = "Sec-Fetch-Site";
    private const string FetchMode = "Sec-Fetch-Mode";
    private const string FetchDestination = "Sec-Fetch-Dest";
    private const string Same = "same-origin";

    /// <summary>
    /// Checks the headers that browsers add and scripts cannot set. A read may also be a navigation of the person, such
    /// as a link in a mail. Other requests must come from a page of the same origin.
    /// </summary>
    /// <returns>Returns false also if the request has none of these headers.</returns>
    public static bool Allows(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        {
            return IsOwn(request) || IsNavigation(request);
        }

        // Single values only: a browser sends each header once.
        return request.Headers[FetchSite].Count == 0 ? IsOwnOrigin(request) : request.Headers[FetchSite] is [Same];
    }

    /// <summary>
    /// Checks that a page of this service, or the person without a page, caused a read. Links of other sites do not.
    /// </summary>
    /// <returns>Returns false also if the request does not have the header.</returns>
    public static bool IsOwn(HttpRequest request) => request.Headers[FetchSite] is [Same or "none"];

    private static bool IsNavigation(HttpRequest request) =>
        request.Headers[FetchMode] is ["navigate"] && request.Headers[FetchDestination] is [] or ["document"];

    // A proxy may have removed TLS without saying so. A page without TLS may never act on a service with TLS.
    private static bool IsOwnOrigin(HttpRequest request) =>
        request.Headers.Origin is [{ } origin]
        && Uri.TryCreate(origin, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && !request.IsHttps))
        && $"{url.Scheme}://{request.Host.Value}".Equals(origin, StringComparison.OrdinalIgnoreCase);
}
