using System.Buffers;
using System.Text;
using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.OData;

/// <summary>
/// The query options of a request. No option is ignored: unknown, repeated and malformed options result in an error.
/// </summary>
internal sealed class ODataQueryString
{
    public const string Count = "$count";
    public const string DeltaToken = "$deltatoken";
    public const string Expand = "$expand";
    public const string Filter = "$filter";
    public const string Format = "$format";
    public const string OrderBy = "$orderby";
    public const string Search = "$search";
    public const string Select = "$select";
    public const string Skip = "$skip";
    public const string SkipToken = "$skiptoken";
    public const string Top = "$top";

    /// <summary>
    /// The maximum number of bytes in a page. A page ends when it reaches this size, even if it has fewer runs than
    /// requested. The limit bounds the memory that a response uses.
    /// </summary>
    public const int LargestPage = 4 * 1024 * 1024;

    // The characters of a query (RFC 3986, 3.4) without & = and +, which have a meaning, and without ; and ?, which
    // some parsers treat in their own way.
    private static readonly SearchValues<char> _unescaped = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$'()*,/:@"
    );

    private readonly Dictionary<string, string> _values;

    private ODataQueryString(Dictionary<string, string> values) => _values = values;

    /// <summary>Returns valid options.</summary>
    /// <param name="options">The names and texts. An option whose text is null is not given.</param>
    public static ODataQueryString Of(params ReadOnlySpan<(string Name, string? Text)> options)
    {
        var values = new Dictionary<string, string>();
        foreach (var (name, text) in options)
        {
            if (text is not null)
            {
                values.Add(name, text);
            }
        }

        return new ODataQueryString(values);
    }

    /// <summary>Returns the text of an option, or null if the request does not have the option.</summary>
    public string? this[string option] => _values.GetValueOrDefault(option);

    /// <summary>The page size. Values above the maximum result in the maximum.</summary>
    public int PageSize =>
        this[Top] is not { } top ? RunPage.DefaultSize
        : int.TryParse(top, out var size) ? Math.Min(size, RunPage.MaxSize)
        : RunPage.MaxSize;

    /// <summary>
    /// Determines the size of a page from <c>$top</c> and <c>Prefer: odata.maxpagesize</c>, and sets
    /// <c>Preference-Applied</c>. Reserves the memory of a large page.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="most">The maximum size that the path supports.</param>
    /// <exception cref="Application.Common.LimitExceededException">
    /// The page is large, and the memory limit of the tenant does not allow it.
    /// </exception>
    public int ReadPageSize(HttpContext http, int most = RunPage.MaxSize)
    {
        var size = Math.Min(PageSize, most);
        if (Preferences.MaxPageSize(http) is { } wish)
        {
            size = Math.Min(size, wish);
            Preferences.ApplyMaxPageSize(http, Math.Min(wish, most));
        }

        if (size > RunPage.DefaultSize)
        {
            Admission.Of(http)?.ReserveInAdvance(LargestPage);
        }

        return size;
    }

    /// <summary>
    /// The query string for the pages after the first. Options that apply only to a single page are not included.
    /// </summary>
    public string ForNextPage => Written(Skip, SkipToken, DeltaToken);

    /// <summary>The options to which a page token is bound: those of the request except the tokens.</summary>
    public string ForThisPage => Written(SkipToken, DeltaToken);

    /// <summary>
    /// Reads the options. Names are case-insensitive, with and without <c>$</c> (OData 4.01 URL Conventions §5).
    /// </summary>
    /// <returns>The options, or null if they are invalid and the error response has been written.</returns>
    public static async Task<ODataQueryString?> ReadAsync(HttpContext http, IReadOnlyList<string> offered)
    {
        var values = new Dictionary<string, string>();
        foreach (var (name, texts) in http.Request.Query)
        {
            var option = (name.StartsWith('$') ? name : $"${name}").ToLowerInvariant();
            if (!offered.Contains(option))
            {
                var offer =
                    offered.Count == 0
                        ? "This path takes no query options."
                        : $"This path takes {string.Join(", ", offered.SkipLast(1))}"
                            + $"{(offered.Count > 1 ? " and " : "")}{offered[^1]}.";
                await http.WriteBadRequestAsync(
                    "unsupportedQueryOption",
                    $"The query option '{Domain.ValidationErrors.Abbreviate(name)}' is not offered here. {offer}"
                );
                return null;
            }

            if (texts is not [{ } text] || !values.TryAdd(option, text))
            {
                await http.WriteBadRequestAsync(
                    "duplicateQueryOption",
                    $"The query option {option} stands more than once; send it once."
                );
                return null;
            }
        }

        foreach (var (option, value) in values)
        {
            var fault = option switch
            {
                Top or Skip when value.Length == 0 || !value.All(char.IsAsciiDigit) =>
                    "must be a whole number, 0 or more.",
                Count when value.ToLowerInvariant() is not ("true" or "false") => "must be true or false.",
                _ when value.Contains('\0') => "holds U+0000, which no text of a run has; leave it out.",
                _ => null,
            };
            if (fault is not null)
            {
                await http.WriteBadRequestAsync("invalidQueryOption", $"{option} {fault}");
                return null;
            }
        }

        return new ODataQueryString(values);
    }

    /// <summary>Returns the URL of a further page.</summary>
    /// <param name="url">The URL without query options.</param>
    /// <param name="options">The other query options, or an empty string.</param>
    /// <param name="name">The option that has the token.</param>
    /// <param name="token">The token.</param>
    public static string WithToken(string url, string options, string name, string token) =>
        $"{url}?{options}{(options.Length > 0 ? "&" : "")}{name}={token}";

    /// <summary>Writes the error response for a <c>$skiptoken</c> of other options.</summary>
    public static Task WriteInvalidSkipTokenAsync(HttpContext http) =>
        http.WriteBadRequestAsync(
            "invalidSkipToken",
            $"{SkipToken} is not valid for these query options; "
                + "follow @odata.nextLink as it is, or start again without it."
        );

    private string Written(params ReadOnlySpan<string> without)
    {
        var written = new StringBuilder();
        foreach (var (option, text) in _values)
        {
            if (!without.Contains(option))
            {
                written.Append(written.Length > 0 ? "&" : "").Append(option).Append('=');
                AppendEscaped(written, text);
            }
        }

        return written.ToString();
    }

    // Characters that are allowed in a query string are not escaped. Otherwise the link of a long filter would exceed
    // the maximum length of a URL.
    private static void AppendEscaped(StringBuilder written, ReadOnlySpan<char> rest)
    {
        while (rest.Length > 0)
        {
            var plain = rest.IndexOfAnyExcept(_unescaped) is >= 0 and var end ? end : rest.Length;
            written.Append(rest[..plain]);
            rest = rest[plain..];
            var other = rest.IndexOfAny(_unescaped) is >= 0 and var start ? start : rest.Length;
            written.Append(Uri.EscapeDataString(rest[..other]));
            rest = rest[other..];
        }
    }
}
