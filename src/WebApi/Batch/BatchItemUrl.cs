using System.Buffers;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.Batch;

/// <summary>The URL of a request of a batch, relative to the service root that the batch was sent to.</summary>
/// <param name="Path">The path. It is decoded in the same way as by a server.</param>
/// <param name="Query">The query as sent, including the question mark.</param>
internal sealed record BatchItemUrl(PathString Path, QueryString Query)
{
    private const string Nowhere = "http://nowhere.invalid/";

    // A URL that consists of only these characters needs no decoding and cannot be malformed.
    private static readonly SearchValues<char> _plain = SearchValues.Create(
        "/$-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    );

    /// <summary>
    /// Parses a URL. The URL can be relative to the service root, with or without a leading slash (Graph). It can start
    /// with the path of the service root, which is the meaning of a relative URL with a leading slash in OData (JSON
    /// Format §19.2). It can also be absolute.
    /// </summary>
    /// <returns>The URL; null if it is malformed or not below the service root.</returns>
    public static BatchItemUrl? Parse(HttpRequest batch, string url)
    {
        if (!url.StartsWith("//", StringComparison.Ordinal) && !url.AsSpan().ContainsAnyExcept(_plain))
        {
            return Below(batch, url.StartsWith('/') ? url : $"/{url}", isAbsolute: false, "");
        }

        var isAbsolute = IsAbsolute(url);
        var text = isAbsolute ? url : Nowhere + (url.StartsWith('/') ? url[1..] : url);
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var parsed)
            || (isAbsolute && !IsSameOrigin(parsed, batch))
            || parsed.UserInfo.Length > 0
            || parsed.Fragment.Length > 0
        )
        {
            return null;
        }

        try
        {
            return Below(batch, PathString.FromUriComponent(parsed.AbsolutePath), isAbsolute, parsed.Query);
        }
        catch (InvalidOperationException)
        {
            // The path contains %00.
            return null;
        }
    }

    private static BatchItemUrl? Below(HttpRequest batch, PathString path, bool isAbsolute, string query)
    {
        var isBelowRoot = path.StartsWithSegments(batch.PathBase, StringComparison.OrdinalIgnoreCase, out var below);
        return isAbsolute && !isBelowRoot ? null : new BatchItemUrl(isBelowRoot ? below : path, new QueryString(query));
    }

    // The first segment of a relative URL contains no colon (RFC 3986 §4.2). Two leading slashes precede a host name.
    private static bool IsAbsolute(string url) =>
        url.StartsWith("//", StringComparison.Ordinal)
        || (url.AsSpan().IndexOfAny(":/?#") is var end and > 0 && url[end] == ':' && Uri.CheckSchemeName(url[..end]));

    private static bool IsSameOrigin(Uri url, HttpRequest batch) =>
        Uri.TryCreate(ServiceRoot.Of(batch), UriKind.Absolute, out var root)
        && Uri.Compare(
            url,
            root,
            UriComponents.SchemeAndServer,
            UriFormat.UriEscaped,
            StringComparison.OrdinalIgnoreCase
        ) == 0;
}
