using System.Globalization;
using IndustryData.WebApi.FunctionalTests.OData;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>
/// Generates supported filters, orders, selections and searches, in the spellings that OData's ABNF allows. The results
/// are not encoded for a URL.
/// </summary>
internal sealed class Filters(Random random)
{
    private static readonly string[] _texts =
    [
        "id",
        "displayName",
        "blockingError/code",
        "blockingError/message",
        "blockingError/target",
    ];
    private static readonly string[] _instants =
    [
        "startDateTime",
        "endDateTime",
        "createdDateTime",
        "lastModifiedDateTime",
    ];
    private static readonly string[] _counts =
    [
        .. new[] { "errors", "warnings", "groups", "memberships", "organizations", "people" }.Select(n =>
            $"statistics/inboundTotals/{n}"
        ),
    ];
    private static readonly string[] _orders =
    [
        "id",
        "displayName",
        "startDateTime",
        "endDateTime",
        "status",
        "createdDateTime",
        "lastModifiedDateTime",
    ];
    private static readonly string[] _selected =
    [
        "id",
        "displayName",
        "startDateTime",
        "endDateTime",
        "status",
        "statistics",
        "blockingError",
        "createdDateTime",
        "lastModifiedDateTime",
        "*",
    ];

    private static readonly string[] _words =
    [
        "a",
        "sync",
        "Nightly",
        "it''s",
        "100%",
        "_",
        "\\",
        "é",
        "İ",
        "ß",
        "Σ",
        "🙂",
        "\"",
        "#",
        "&",
        "=",
        "+",
        "?",
        "/",
        "(",
        ")",
        ",",
        ";",
        "in (''",
        " eq ",
        "null",
        "--",
        "$1",
        "{0}",
        "\t",
        "\uFFFF",
        "T10:00:00 02:00",
        "x",
    ];

    public string Filter() => Condition(random.Next(5));

    public string Order() =>
        string.Join(
            random.Pick(",", ", ", " , "),
            random.Some(
                1,
                4,
                () =>
                    Member(random.Pick(_orders))
                    + random.Pick("", " asc", " desc", "  desc", "\t" + random.AnyCase("desc"))
            )
        );

    public string Select() => string.Join(random.Pick(",", ", "), random.Some(1, 5, () => random.Pick(_selected)));

    public string Search() =>
        string.Join(
            random.Pick(" ", " AND ", "  "),
            random.Some(
                1,
                6,
                () =>
                    random.Percent(70)
                        ? random.Pick(
                            "sync",
                            "Nightly",
                            "é",
                            "İSTANBUL",
                            "100%",
                            "_",
                            "'",
                            "ß",
                            "🙂",
                            "a",
                            "-",
                            "and",
                            "or",
                            "$"
                        )
                        : $"\"{random.Pick("a b", "OR", "(", "\\\"", "\\\\", "NOT x", "é")}\""
            )
        );

    private string Condition(int depth) =>
        depth > 0 && random.Percent(75)
            ? random.Next(5) switch
            {
                0 => $"{Condition(depth - 1)}{Space()}{random.AnyCase("and")}{Space()}{Condition(depth - 1)}",
                1 => $"{Condition(depth - 1)}{Space()}{random.AnyCase("or")}{Space()}{Condition(depth - 1)}",
                2 => $"{random.AnyCase("not")}{Space()}{Group(depth)}",
                3 => $"not {Function()}",
                _ => Group(depth),
            }
            : random.Next(12) switch
            {
                0 => random.AnyCase(random.Pick("true", "false")),
                1 => random.Percent(50) ? $"blockingError{Equality()}null" : $"null{Equality()}blockingError",
                2 or 3 => Function(),
                4 or 5 => In(),
                _ => Comparison(),
            };

    private string Group(int depth) => $"({Gap()}{Condition(depth - 1)}{Gap()})";

    private string Function() =>
        $"{random.AnyCase(random.Pick("contains", "startswith", "endswith"))}"
        + $"({Gap()}{TextTerm()}{Gap()},{Gap()}{TextTerm()}{Gap()})";

    private string Comparison()
    {
        var (one, other) = random.Next(7) switch
        {
            0 => (TextTerm(), TextTerm()),
            1 => (Member(random.Pick(_texts)), random.Percent(80) ? Text() : "null"),
            2 => (
                Member(random.Pick(_instants)),
                random.Percent(60) ? Instant()
                : random.Percent(50) ? Member(random.Pick(_instants))
                : "null"
            ),
            3 => (
                Member(random.Pick(_counts)),
                random.Percent(60) ? Number()
                : random.Percent(50) ? Member(random.Pick(_counts))
                : "null"
            ),
            4 => (Member(random.Pick(_counts)), Number()),
            5 => (Member(random.Pick(_instants)), Instant()),
            _ => (Member("status"), random.Percent(80) ? Status() : random.Pick("null", "status")),
        };
        var comparer = random.AnyCase(random.Pick("eq", "ne", "gt", "ge", "lt", "le"));
        return random.Percent(70)
            ? $"{one}{Space()}{comparer}{Space()}{other}"
            : $"{other}{Space()}{comparer}{Space()}{one}";
    }

    private string In()
    {
        var (term, value) = random.Next(4) switch
        {
            0 => (random.Percent(80) ? random.Pick(_texts) : $"tolower({random.Pick(_texts)})", Text),
            1 => (random.Pick(_instants), Instant),
            2 => (random.Pick(_counts), Number),
            _ => ("status", (Func<string>)Status),
        };
        return $"{Member(term)}{Space()}{random.AnyCase("in")}{Space()}({Gap()}"
            + string.Join(
                $"{Gap()},{Gap()}",
                random.Some(1, 8, () => random.Percent(90) ? value() : random.AnyCase("null"))
            )
            + $"{Gap()})";
    }

    private string TextTerm() =>
        random.Next(4) switch
        {
            0 => Text(),
            1 => $"{random.AnyCase("tolower")}({Gap()}{TextTerm()}{Gap()})",
            _ => Member(random.Pick(_texts)),
        };

    private string Member(string path) =>
        random.Percent(90) || path.Contains('(', StringComparison.Ordinal) ? path : $"$it/{path}";

    private string Text() =>
        random.Percent(5)
            ? $"'{new string('x', random.Next(3000))}'"
            : $"'{string.Concat(random.Some(0, 4, () => random.Pick(_words)))}'";

    private string Status() =>
        random.Pick("", "", "microsoft.graph.industryData.industryDataRunStatus")
        + $"'{random.Pick([.. StoredRun.Statuses])}'";

    private string Number() =>
        random.Next(6) switch
        {
            0 => random.Pick(
                "NaN",
                "INF",
                "-INF",
                "0",
                "-0",
                "9007199254740991",
                "9223372036854775807",
                "-9223372036854775808",
                "9223372036854775808",
                "79228162514264337593543950335",
                "1e308",
                "1e-308",
                "1E+5",
                "1e400",
                "-1.234567e3",
                "0.0000000000000000000000000000001"
            ),
            1 => random.Next(-1000, 100000).ToString(CultureInfo.InvariantCulture) + ".5",
            2 => random.Pick("00", "+", "-") + random.Next(1000),
            _ => random.Next(-10, 20000).ToString(CultureInfo.InvariantCulture),
        };

    private string Instant()
    {
        var moment = random.Percent(80)
            ? new DateTime(2026, 1, 1).AddSeconds(random.Next(40_000_000))
            : random.Pick(
                DateTime.MinValue,
                DateTime.MaxValue,
                new DateTime(1582, 10, 10),
                new DateTime(2000, 2, 29),
                new DateTime(1, 1, 1, 15, 0, 0),
                new DateTime(9999, 12, 31, 9, 0, 0)
            );
        var isAtTheEdge = moment.Year is 1 or 9999;
        return moment.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            + random.Pick("T", "T", "t")
            + moment.ToString(
                random.Pick(
                    "HH:mm",
                    "HH:mm:ss",
                    "HH:mm:ss.f",
                    "HH:mm:ss.ffffff",
                    "HH:mm:ss.fffffff",
                    "HH:mm:ss.fffffff00000"
                ),
                CultureInfo.InvariantCulture
            )
            + random.Pick(
                "Z",
                "z",
                isAtTheEdge ? "Z" : random.Pick("+00:00", "-00:00", "+02:00", "-08:30", "+14:00", "-14:00", "+13:59")
            );
    }

    private string Equality() => random.Pick(" eq ", " ne ");

    private string Space() => random.Percent(90) ? " " : random.Pick("  ", "\t", " \t ");

    private string Gap() => random.Percent(85) ? "" : random.Pick(" ", "\t", "  ");
}
