using System.Text.RegularExpressions;
using IndustryData.Domain;

namespace IndustryData.WebApi.OData;

/// <summary>Suggests corrections for a filter or an order that cannot be parsed.</summary>
internal static partial class FilterSuggestions
{
    private static readonly string[] _known =
    [
        .. RunPropertyTable.Filterable.SelectMany(p => p.Path.Split('/')).Distinct(),
        .. FilterParser.Operators,
        "null",
        "true",
        "false",
        .. FilterParser.Functions,
        "asc",
        "desc",
    ];

    /// <summary>Suggests a replacement for an unknown word outside string literals, or another correction.</summary>
    /// <returns>The suggestion with a leading space, or an empty string if there is none.</returns>
    public static string For(string text)
    {
        var words = Words().Matches(text).Where(m => m.Groups["word"].Success).Select(m => m.Value);
        foreach (var word in words.Where(w => !_known.Contains(w)).Take(5))
        {
            if (Suggestions.Closest(word, _known) is { } meant)
            {
                return $" Did you mean {meant} instead of {ValidationErrors.Abbreviate(word)}?";
            }
        }

        return text.Contains('"', StringComparison.Ordinal) ? " Texts stand in single quotes: 'text'."
            : BareId().IsMatch(text) ? " An id is a text: put it in single quotes."
            : QuotedInstant().IsMatch(text) ? " Write an instant without quotes: startDateTime gt 2026-01-01T00:00:00Z."
            : InstantWithoutOffset().IsMatch(text) ? " An instant needs an offset: 2026-01-01T00:00:00Z."
            : "";
    }

    [GeneratedRegex(
        @"'(?>[^']|'')*'?|(?<word>\b[A-Za-z]{2,40}\b)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Words();

    [GeneratedRegex(@"(?<!')\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-", RegexOptions.CultureInvariant)]
    private static partial Regex BareId();

    [GeneratedRegex(@"'\d{4}-\d\d-\d\dT", RegexOptions.CultureInvariant)]
    private static partial Regex QuotedInstant();

    [GeneratedRegex(
        @"\b\d{4}-\d\d-\d\dT[\d:.]+(\s|\)|,|$)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex InstantWithoutOffset();
}
