using System.Buffers;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Batch;

/// <summary>The place of a request of a batch, below the service root that the batch was sent to.</summary>
/// <param name="Path">Decoded, as a server decodes it.</param>
/// <param name="Query">As sent, with its question mark.</param>
internal sealed record BatchItemUrl(PathString Path, QueryString Query)
{
    private const string Nowhere = "http://nowhere.invalid/";

    // Of a URL of nothing else there is nothing to decode, and nothing to be wrong.
    private static readonly SearchValues<char> _plain = SearchValues.Create("/$-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>
    /// Reads a URL: relative to the service root, with or without a slash at its beginning (Graph); with the service
    /// root's own path before it, which is what a relative URL with a slash means in OData (JSON Format §19.2); or
    /// absolute.
    /// </summary>
    /// <returns>Null when the URL is malformed, or not below the service root.</returns>
    public static BatchItemUrl? Parse(HttpRequest batch, string url)
    {
        if (!url.StartsWith("//", StringComparison.Ordinal) && !url.AsSpan().ContainsAnyExcept(_plain))
        {
            return Below(batch, url.StartsWith('/') ? url : $"/{url}", isAbsolute: false, "");
        }

        var isAbsolute = IsAbsolute(url);
        if (!Uri.TryCreate(isAbsolute ? url : Nowhere + (url.StartsWith('/') ? url[1..] : url), UriKind.Absolute, out var parsed)
            || (isAbsolute && !IsSameOrigin(parsed, batch))
            || parsed.UserInfo.Length > 0
            || parsed.Fragment.Length > 0)
        {
            return null;
        }

        try
        {
            return Below(batch, PathString.FromUriComponent(parsed.AbsolutePath), isAbsolute, parsed.Query);
        }
        catch (InvalidOperationException)
        {
            // %00
            return null;
        }
    }

    private static BatchItemUrl? Below(HttpRequest batch, PathString path, bool isAbsolute, string query)
    {
        var isBelowRoot = path.StartsWithSegments(batch.PathBase, StringComparison.OrdinalIgnoreCase, out var below);
        return isAbsolute && !isBelowRoot ? null : new BatchItemUrl(isBelowRoot ? below : path, new QueryString(query));
    }

    // The first segment of a relative URL holds no colon (RFC 3986 §4.2); two slashes begin the name of a host.
    private static bool IsAbsolute(string url) =>
        url.StartsWith("//", StringComparison.Ordinal)
        || (url.AsSpan().IndexOfAny(":/?#") is var end and > 0 && url[end] == ':' && Uri.CheckSchemeName(url[..end]));

    private static bool IsSameOrigin(Uri url, HttpRequest batch) =>
        Uri.TryCreate(ServiceUrls.Root(batch), UriKind.Absolute, out var root)
        && Uri.Compare(url, root, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;
}
