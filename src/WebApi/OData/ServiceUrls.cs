using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.OData;

/// <summary>Writes and reads URLs of this service with the scheme, host and service root of the request.</summary>
internal static class ServiceUrls
{
    private const string Beta = "/beta";

    /// <summary>Returns the URL of a run.</summary>
    public static string Run(HttpRequest request, RunCollectionPath address, RunId id) =>
        $"{ServiceRoot.Of(request)}{address.Path}/{id}";

    /// <summary>Returns a context URL (OData Protocol §10).</summary>
    public static string Context(HttpRequest request, string fragment) =>
        $"{ServiceRoot.Of(request)}$metadata#{fragment}";

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

        var host = new Uri(ServiceRoot.Of(request)).GetLeftPart(UriPartial.Authority);
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
