namespace IndustryData.WebApi.OData;

/// <summary>Writes and reads URLs of this service with the scheme, host and service root of the request.</summary>
internal static class ServiceUrls
{
    private const string Beta = "/beta";

    private const string HostWithoutName = "localhost";

    private static string? _lastValidHost;

    /// <summary>Returns the service root with a trailing slash.</summary>
    public static string Root(HttpRequest request)
    {
        // HTTP/1.0 requests have no Host header. The local address of the connection is not used because it is an
        // internal address if the service is behind a proxy.
        var host = request.Host.HasValue ? request.Host.ToUriComponent() : HostWithoutName;
        return $"{request.Scheme}://{host}{request.PathBase.ToUriComponent()}/";
    }

    /// <summary>Returns the URL of a run.</summary>
    public static string Run(HttpRequest request, RunCollectionPath address, Guid id) =>
        $"{Root(request)}{address.Path}/{id}";

    /// <summary>Returns a context URL (OData Protocol §10).</summary>
    public static string Context(HttpRequest request, string fragment) => $"{Root(request)}$metadata#{fragment}";

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
            if (!Uri.TryCreate(Root(request), UriKind.Absolute, out _))
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

    /// <summary>
    /// Parses a reference to a run: an absolute URL of this service, a URL relative to the service root, or
    /// <c>runs/{id}</c>.
    /// </summary>
    /// <returns>
    /// The key as written, which may be an id that does not exist; null if the reference is not a URL of a run of this
    /// service.
    /// </returns>
    public static string? TryParseRunReference(HttpRequest request, string reference)
    {
        // URL parsers silently correct backslashes, dot segments and user names. URLs of this service contain none.
        if (reference.IndexOfAny(['\\', '?', '#', '@']) >= 0 || reference.Contains("..", StringComparison.Ordinal))
        {
            return null;
        }

        var host = new Uri(Root(request)).GetLeftPart(UriPartial.Authority);
        var path = reference;
        if (reference.Contains("://", StringComparison.Ordinal))
        {
            if (
                !Uri.TryCreate(reference, UriKind.Absolute, out var url)
                || !url.GetLeftPart(UriPartial.Authority).Equals(host, StringComparison.OrdinalIgnoreCase)
            )
            {
                return null;
            }

            path = url.AbsolutePath;
        }

        path = Uri.UnescapeDataString(path);
        IEnumerable<string> places = RunCollectionPath.All.Select(a => a.Path);
        if (path.StartsWith('/'))
        {
            // The path begins with the path base that a proxy may add.
            var before = request.PathBase.Value ?? "";
            before = before.EndsWith(Beta, StringComparison.OrdinalIgnoreCase) ? before[..^Beta.Length] : before;
            places = places.SelectMany(p => (string[])[$"{before}/{p}", $"{before}{Beta}/{p}"]);
        }
        else
        {
            places = places.Append("runs");
        }

        return places.Select(place => Key(path, place)).FirstOrDefault(key => key is not null);
    }

    private static string? Key(string path, string runs)
    {
        if (!path.StartsWith(runs, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var key = path[runs.Length..] switch
        {
            ['/', .. var id] => id,
            ['(', '\'', .. var id, '\'', ')'] => id,
            _ => "",
        };
        return key.Length == 0 || key.Contains('/') || RunCollectionPath.IsReservedSegment(key) ? null : key;
    }
}
