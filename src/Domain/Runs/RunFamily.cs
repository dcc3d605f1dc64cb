using System.Text.RegularExpressions;

namespace IndustryData.Domain.Runs;

/// <summary>The family of a run: the part of its display name that is the same for all runs of one job.</summary>
/// <remarks>
/// The family is the display name without the dates, times and numbers at its end, and without the names of months and
/// time zones beside them. It is always a prefix of the display name. The family of a family is the family itself.
/// </remarks>
public static class RunFamily
{
    // A closing bracket is no separator, because it belongs to the words before it.
    private const string Separators = @"\s(\[{,;|·–—_:/#-";

    private const string Number = @"\d+([T.:,/+-]\d+)*";

    private const string Month =
        "(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?"
        + "|nov(ember)?|dec(ember)?)";

    private const string Zone =
        @"(z|(utc|gmt)([+-]\d{1,2}(:?\d{2})?)?|[ap]m|wes?t|cet|cest|eet|eest|bst|msk|ist|jst|[ecmp][sd]t)";

    // Every part begins with a separator, so that the number of a word such as "v2" stays in the family. The expression
    // does not backtrack, because callers choose the names.
    private static readonly Regex _name = new(
        $"^(?<family>.*?[^{Separators}])"
            + $@"([{Separators}]+({Month}[{Separators}]+)?{Number}([{Separators}]*({Month}|{Zone}))?[)\]}}]*)+"
            + $"[{Separators}]*$",
        RegexOptions.NonBacktracking
            | RegexOptions.Singleline
            | RegexOptions.IgnoreCase
            | RegexOptions.CultureInvariant
            | RegexOptions.ExplicitCapture
    );

    /// <summary>Returns the family of a display name.</summary>
    /// <param name="displayName">The display name.</param>
    /// <returns>
    /// The family. If nothing else can be removed, it is the display name without white space at its end.
    /// </returns>
    public static string Of(string displayName) =>
        displayName.Any(char.IsDigit) && _name.Match(displayName) is { Success: true } match
            ? match.Groups["family"].Value
            : displayName.TrimEnd();
}
