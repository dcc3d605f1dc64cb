namespace IndustryData.WebApi.Http;

/// <summary>The URL of the service with the scheme, host and path base of the request.</summary>
internal static class ServiceRoot
{
    private const string HostWithoutName = "localhost";

    private static string? _lastValidHost;

    /// <summary>Returns the service root with a trailing slash.</summary>
    public static string Of(HttpRequest request)
    {
        // HTTP/1.0 requests have no Host header. The local address of the connection is not used because it is an
        // internal address if the service is behind a proxy.
        var host = request.Host.HasValue ? request.Host.ToUriComponent() : HostWithoutName;
        return $"{request.Scheme}://{host}{request.PathBase.ToUriComponent()}/";
    }

    /// <summary>Checks the host of the request.</summary>
    /// <returns>Returns true if URLs can be built with the host.</returns>
    public static bool HasValidHost(HttpRequest request)
    {
        // Most requests have the same host, and validating it takes longer than routing. The header is compared because
        // the parsing of an invalid host can fail.
        var host = request.Headers.Host.ToString();
        if (host == _lastValidHost)
        {
            return true;
        }

        try
        {
            if (!Uri.TryCreate(Of(request), UriKind.Absolute, out _))
            {
                return false;
            }

            _lastValidHost = host;
            return true;
        }
        catch (ArgumentException)
        {
            // The host is a Punycode name that decodes to an empty string.
            return false;
        }
    }
}
