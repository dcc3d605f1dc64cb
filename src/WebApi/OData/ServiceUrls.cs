namespace IndustryData.WebApi.OData;

/// <summary>Writes and reads URLs of this service, on the scheme, host and service root that the caller used.</summary>
internal static class ServiceUrls
{
    private const string Beta = "/beta";

    private const string HostWithoutName = "localhost";

    private static string? _lastValidHost;

    /// <summary>The service root, with a slash at its end.</summary>
    public static string Root(HttpRequest request)
    {
        // HTTP/1.0 has no Host. The address of the connection is not shown: behind a proxy it is an internal one.
        var host = request.Host.HasValue ? request.Host.ToUriComponent() : HostWithoutName;
        return $"{request.Scheme}://{host}{request.PathBase.ToUriComponent()}/";
    }

    /// <summary>The URL of a run.</summary>
    public static string Run(HttpRequest request, RunCollectionPath address, Guid id) => $"{Root(request)}{address.Path}/{id}";

    /// <summary>A context URL (OData Protocol §10).</summary>
    public static string Context(HttpRequest request, string fragment) => $"{Root(request)}$metadata#{fragment}";

    /// <summary>Whether URLs can be made with the host that the caller named.</summary>
    public static bool HasValidHost(HttpRequest request)
    {
        // Nearly everybody names the same host, and looking at it takes longer than finding the route. The header, because the name in it may be
        // one that cannot even be read.
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
            // A name in Punycode that decodes to nothing.
            return false;
        }
    }

    /// <summary>The key in a reference to a run: an absolute URL of this service, or one relative to the service root, or <c>runs/{id}</c>.</summary>
    /// <returns>The key as written, be it an id that exists or not; null when the reference is not the URL of a run here.</returns>
    public static string? TryParseRunReference(HttpRequest request, string reference)
    {
        // What a URL parser would silently mend is no URL of ours: backslashes, dot segments, a user name.
        if (reference.IndexOfAny(['\\', '?', '#', '@']) >= 0 || reference.Contains("..", StringComparison.Ordinal))
        {
            return null;
        }

        var host = new Uri(Root(request)).GetLeftPart(UriPartial.Authority);
        var path = reference;
        if (reference.Contains("://", StringComparison.Ordinal))
        {
            if (!Uri.TryCreate(reference, UriKind.Absolute, out var url) || !url.GetLeftPart(UriPartial.Authority).Equals(host, StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }

            path = url.AbsolutePath;
        }

        path = Uri.UnescapeDataString(path);
        IEnumerable<string> places = RunCollectionPath.All.Select(a => a.Path);
        if (path.StartsWith('/'))
        {
            // Behind what a proxy has before it.
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
