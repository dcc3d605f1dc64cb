using System.Globalization;
using System.Text.RegularExpressions;

namespace IndustryData.Dashboard.Runs;

/// <summary>
/// A filter as the controls of the page show it: the text of <c>$filter</c>, taken apart at its outer <c>and</c>. What
/// no control shows is kept as it is, so that a change of one control does not lose it.
/// </summary>
/// <param name="Statuses">The selected statuses; none selects all.</param>
/// <param name="From">The lower bound of the start time, inclusive.</param>
/// <param name="To">The upper bound of the start time, exclusive.</param>
/// <param name="Contains">The text that the name contains.</param>
/// <param name="StartsWith">The text with which the name starts.</param>
/// <param name="OnlyWithErrors">True to select only runs with errors in their totals.</param>
/// <param name="Others">The conditions that no control shows.</param>
public sealed partial record RunFilterText(
    IReadOnlyList<string> Statuses,
    DateTimeOffset? From,
    DateTimeOffset? To,
    string? Contains,
    string? StartsWith,
    bool OnlyWithErrors,
    IReadOnlyList<string> Others
)
{
    /// <summary>The filter that selects all runs.</summary>
    public static readonly RunFilterText All = new([], null, null, null, null, false, []);

    private const string Errors = "statistics/inboundTotals/errors gt 0";

    /// <summary>True if nothing is selected.</summary>
    public bool IsEmpty => ToString().Length == 0;

    /// <summary>Takes a filter apart. It need not be valid: then all of it is one of <see cref="Others"/>.</summary>
    /// <param name="text">The text of <c>$filter</c>; null or empty selects all runs.</param>
    public static RunFilterText Parse(string? text)
    {
        var filter = All;
        foreach (var condition in Conditions(text ?? ""))
        {
            filter = filter.With(condition);
        }

        return filter;
    }

    /// <summary>Returns the condition on the code of the blocking error.</summary>
    /// <param name="code">The code; null selects runs without a code.</param>
    public static string HasErrorCode(string? code) =>
        $"blockingError/code eq {(code is null ? "null" : Quoted(code))}";

    /// <summary>Returns the filter with a status selected or no longer selected.</summary>
    public RunFilterText Toggle(string status) =>
        this with
        {
            Statuses = Statuses.Contains(status) ? [.. Statuses.Where(s => s != status)] : [.. Statuses, status],
        };

    /// <summary>Returns each part of the filter, with the filter that remains without it.</summary>
    public IEnumerable<(string Part, RunFilterText Without)> Parts()
    {
        if (Statuses.Count > 0)
        {
            yield return (StatusCondition, this with { Statuses = [] });
        }

        if (From is { } from)
        {
            yield return ($"startDateTime ge {Instant(from)}", this with { From = null });
        }

        if (To is { } to)
        {
            yield return ($"startDateTime lt {Instant(to)}", this with { To = null });
        }

        if (Contains is not null)
        {
            yield return ($"contains(displayName,{Quoted(Contains)})", this with { Contains = null });
        }

        if (StartsWith is not null)
        {
            yield return ($"startswith(displayName,{Quoted(StartsWith)})", this with { StartsWith = null });
        }

        if (OnlyWithErrors)
        {
            yield return (Errors, this with { OnlyWithErrors = false });
        }

        foreach (var other in Others)
        {
            yield return (other, this with { Others = [.. Others.Where(o => o != other)] });
        }
    }

    /// <summary>Returns the text of <c>$filter</c>; empty if nothing is selected.</summary>
    public override string ToString()
    {
        var parts = Parts().Select(p => p.Part).ToList();
        return parts.Count == 1 ? parts[0] : string.Join(" and ", parts.Select(Operand));
    }

    // `or` binds weaker than `and`.
    private static string Operand(string condition) => HasOuterOr(condition) ? $"({condition})" : condition;

    private string StatusCondition =>
        Statuses is [var only] ? $"status eq '{only}'" : $"status in ({string.Join(',', Statuses.Select(Quoted))})";

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Instant(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture);

    private RunFilterText With(string condition)
    {
        var match = Known().Match(condition);
        if (!match.Success)
        {
            return Other(condition);
        }

        string? Text(string name) =>
            match.Groups[name] is { Success: true } group
                ? group.Value.Replace("''", "'", StringComparison.Ordinal)
                : null;
        if (Text("status") is { } status)
        {
            return Statuses.Count == 0 ? this with { Statuses = [status] } : Other(condition);
        }

        if (Text("statuses") is { } statuses)
        {
            return Statuses.Count == 0
                ? this with
                {
                    Statuses = [.. statuses.Split(',').Select(s => s.Trim().Trim('\''))],
                }
                : Other(condition);
        }

        if (Text("contains") is { } contained)
        {
            return Contains is null ? this with { Contains = contained } : Other(condition);
        }

        if (Text("starts") is { } start)
        {
            return StartsWith is null ? this with { StartsWith = start } : Other(condition);
        }

        if (Text("time") is { } time)
        {
            if (
                !DateTimeOffset.TryParse(
                    time,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var instant
                )
            )
            {
                return Other(condition);
            }

            return match.Groups["bound"].Value == "ge"
                ? From is null
                    ? this with
                    {
                        From = instant,
                    }
                    : Other(condition)
                : To is null
                    ? this with
                    {
                        To = instant,
                    }
                    : Other(condition);
        }

        return this with
        {
            OnlyWithErrors = true,
        };
    }

    private RunFilterText Other(string condition) => this with { Others = [.. Others, condition] };

    private static bool HasOuterOr(string text) => OuterWords(text).Any(w => w.IsOr);

    // Splits at `and` outside of quotes and parentheses. An `or` there joins everything, because it binds weaker.
    private static List<string> Conditions(string text)
    {
        var words = OuterWords(text).ToList();
        if (words.Exists(w => w.IsOr))
        {
            return [text.Trim()];
        }

        var (conditions, start) = (new List<string>(), 0);
        foreach (var word in words)
        {
            conditions.Add(text[start..word.At].Trim());
            start = word.At + word.Length;
        }

        conditions.Add(text[start..].Trim());
        conditions.RemoveAll(c => c.Length == 0);
        return conditions;
    }

    /// <summary>
    /// Returns the places of <c>and</c> and <c>or</c> outside of quotes and parentheses. The grammar allows any case,
    /// and any white space around them.
    /// </summary>
    private static IEnumerable<(int At, int Length, bool IsOr)> OuterWords(string text)
    {
        var (depth, isQuoted, next) = (0, false, 0);
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\'':
                    isQuoted = !isQuoted;
                    break;
                case '(' when !isQuoted:
                    depth++;
                    break;
                case ')' when !isQuoted:
                    depth--;
                    break;
                case var c
                    when char.IsWhiteSpace(c)
                        && !isQuoted
                        && depth == 0
                        && i >= next
                        && Word().Match(text, i) is { Success: true } word:
                    yield return (i, word.Length, word.Groups["or"].Success);

                    // The white space after a word may also be that before the next one.
                    next = i + word.Length - 1;
                    break;
            }
        }
    }

    [GeneratedRegex(
        @"\G\s+((?<or>or)|and)\s",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Word();

    [GeneratedRegex(
        """
            ^(status\ eq\ '(?<status>[a-zA-Z]+)'
            |status\ in\ ?\((?<statuses>'[a-zA-Z]+'(,\ ?'[a-zA-Z]+')*)\)
            |startDateTime\ (?<bound>ge|lt)\ (?<time>[0-9T:.Z+-]+)
            |contains\(displayName,\ ?'(?<contains>([^']|'')*)'\)
            |startswith\(displayName,\ ?'(?<starts>([^']|'')*)'\)
            |statistics/inboundTotals/errors\ gt\ 0)$
            """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant
    )]
    private static partial Regex Known();
}
