using System.Text.RegularExpressions;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;
using Microsoft.OData.UriParser;

namespace IndustryData.WebApi.OData;

/// <summary>The parsed query options of a request for runs.</summary>
internal sealed partial record RunQueryOptions(
    RunCriteria Criteria,
    IReadOnlyList<RunOrderKey> Order,
    RunProjection Selection,
    long Skip,
    bool Count
)
{
    private const int MostWords = 20;

    private static readonly QueryOptionCache _parsed = new();

    /// <summary>Parses the query options of a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="options">The options as sent.</param>
    /// <param name="default">The projection to use if the request has no <c>$select</c>.</param>
    /// <returns>The options; null if they are invalid. In this case, the error response has been written.</returns>
    public static async ValueTask<RunQueryOptions?> ReadAsync(
        HttpContext http,
        ODataQueryString options,
        RunProjection @default
    )
    {
        if (Read(http.Tenant(), options, @default).TryGetValue(out var read, out var error))
        {
            return read;
        }

        await http.WriteErrorAsync(error);
        return null;
    }

    /// <summary>Parses the query options.</summary>
    /// <param name="tenantId">The tenant that sent the options.</param>
    /// <param name="options">The options as sent.</param>
    /// <param name="default">The projection to use if the request has no <c>$select</c>.</param>
    public static Result<RunQueryOptions> Read(TenantId tenantId, ODataQueryString options, RunProjection @default)
    {
        var reading = "";
        T? Option<T>(string name, Func<string, T> read)
            where T : class
        {
            reading = name;
            return options[name] is { } text ? read(text) : null;
        }

        RunProjection Selection()
        {
            var selected = Option(ODataQueryString.Select, RunProjection.Parse) ?? @default;
            return Option(ODataQueryString.Expand, selected.Expand) ?? selected;
        }

        try
        {
            return new RunQueryOptions(
                new RunCriteria(
                    Option(
                        ODataQueryString.Filter,
                        text => _parsed.Parse(tenantId, ODataQueryString.Filter, text, FilterParser.Parse)
                    ),
                    Option(ODataQueryString.Search, ParseWords) ?? []
                ),
                Option(
                    ODataQueryString.OrderBy,
                    text => _parsed.Parse(tenantId, ODataQueryString.OrderBy, text, ParseOrder)
                ) ?? RunOrderKey.NewestFirst,
                Selection(),
                options[ODataQueryString.Skip] is not { } skip ? 0
                    : long.TryParse(skip, out var number) ? number
                    : long.MaxValue,
                "true".Equals(options[ODataQueryString.Count], StringComparison.OrdinalIgnoreCase)
            );
        }
        catch (QueryOptionException refused)
        {
            return new Error(ErrorKind.Validation, refused.Code, $"{reading}: {refused.Message}", reading);
        }
    }

    private static IReadOnlyList<RunOrderKey> ParseOrder(string text)
    {
        var keys = new List<RunOrderKey>();

        // The grammar allows directions in any case and after a tab. The library accepts only lowercase letters after
        // a space.
        var spelled = Direction().Replace(text, match => $" {match.Value.Trim().ToLowerInvariant()}");
        var first = FilterParser.Parse(ODataQueryString.OrderBy, spelled, parser => parser.ParseOrderBy());
        for (var key = first; key is not null; key = key.ThenBy)
        {
            if (FilterParser.PropertyOf(key.Expression) is not { IsSortable: true, Field: { } field })
            {
                throw new QueryOptionException(
                    "unsupportedOrder",
                    "runs are ordered by "
                        + $"{string.Join(", ", RunPropertyTable.Sortable.Select(p => p.Path))}, and by nothing else."
                );
            }

            keys.Add(new RunOrderKey(field, key.Direction == OrderByDirection.Descending));
        }

        return RunOrderKey.WithTieBreaker(keys);
    }

    /// <summary>Parses the words and "phrases" of <c>$search</c>. All of them must occur in a matching run.</summary>
    private static IReadOnlyList<string> ParseWords(string text)
    {
        var (words, needsWord) = (new List<string>(), true);
        foreach (Match match in SearchTerm().Matches(text))
        {
            if (match.Groups["phrase"] is { Success: true } phrase)
            {
                words.Add(
                    phrase
                        .Value.Replace("\\\"", "\"", StringComparison.Ordinal)
                        .Replace("\\\\", "\\", StringComparison.Ordinal)
                );
            }
            else if (match.Value is "OR" or "NOT")
            {
                throw new QueryOptionException(
                    "unsupportedSearch",
                    $"{match.Value} is not offered; all words must occur. "
                        + "For a word as such put it in double quotes, for conditions use "
                        + $"$filter=contains(displayName,'…') {match.Value.ToLowerInvariant()} …."
                );
            }
            else if (match.Value.AsSpan().ContainsAny('"', '(', ')'))
            {
                throw new QueryOptionException(
                    "invalidQueryOption",
                    "quotes must come in pairs, and parentheses are not offered; "
                        + "put what holds them in double quotes."
                );
            }
            else if (match.Value != "AND")
            {
                words.Add(match.Value);
            }
            else if (needsWord)
            {
                throw UnboundAnd();
            }

            needsWord = match.Value == "AND";
        }

        if (needsWord && words.Count > 0)
        {
            throw UnboundAnd();
        }

        words.RemoveAll(w => w.Length == 0);
        return words.Count switch
        {
            0 => throw new QueryOptionException(
                "invalidQueryOption",
                "the value has no word; send the words that displayName must contain, or omit the option."
            ),
            > MostWords => throw new QueryOptionException(
                "invalidQueryOption",
                $"there are {words.Count} words; send at most {MostWords}."
            ),
            _ => words,
        };
    }

    private static QueryOptionException UnboundAnd() =>
        new("invalidQueryOption", "AND must stand between two words; for the word as such put it in double quotes.");

    [GeneratedRegex(
        @"[ \t]+(asc|desc)(?=[ \t]*(,|\z))",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Direction();

    [GeneratedRegex(
        """(?<!\S)"(?<phrase>(?>[^"\\]|\\.)*)"(?!\S)|\S+""",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.Singleline
    )]
    private static partial Regex SearchTerm();
}
