namespace IndustryData.WebApi.OData;

/// <summary>Writes and reads URLs of this service, on the scheme, host and service root that the caller used.</summary>
internal static class ServiceUrls
{
    /// <summary>The service root, with a slash at its end.</summary>
    public static string Root(HttpRequest request)
    {
        // HTTP/1.0 has no Host: the address that the caller reached is all there is.
        var host = request.Host.HasValue
            ? request.Host.ToUriComponent()
            : new HostString(request.HttpContext.Connection.LocalIpAddress?.ToString() ?? "localhost", request.HttpContext.Connection.LocalPort).ToUriComponent();
        return $"{request.Scheme}://{host}{request.PathBase.ToUriComponent()}/";
    }

    /// <summary>The URL of a run.</summary>
    public static string Run(HttpRequest request, RunAddress address, Guid id) => $"{Root(request)}{address.Path}/{id}";

    /// <summary>A context URL (OData Protocol §10).</summary>
    public static string Context(HttpRequest request, string fragment) => $"{Root(request)}$metadata#{fragment}";

    /// <summary>The key in a reference to a run: an absolute URL of this service, or one relative to the service root, or <c>runs/{id}</c>.</summary>
    /// <returns>The key as written, be it an id that exists or not; null when the reference is not the URL of a run here.</returns>
    public static string? KeyIn(HttpRequest request, string reference)
    {
        var root = new Uri(Root(request));
        if (!Uri.TryCreate(root, reference, out var url)
            || url.Query.Length > 0
            || url.Fragment.Length > 0
            || Uri.Compare(url, root, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) != 0)
        {
            return null;
        }

        var path = Uri.UnescapeDataString(url.AbsolutePath).Trim('/');
        if (path.StartsWith("beta/", StringComparison.OrdinalIgnoreCase))
        {
            path = path["beta/".Length..];
        }

        return RunAddress.All.Select(a => a.Path).Append("runs").Select(p => Key(path, p)).FirstOrDefault(key => key is not null);
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
        return key.Length == 0 || key.Contains('/') || key.StartsWith('$') ? null : key;
    }
}
