using System.Globalization;
using System.Text;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>Generates URLs of the supported resources.</summary>
internal sealed class Urls(Random random)
{
    private const string Namespace = "microsoft.graph.industryData.";

    private static readonly string[] _open =
    [
        "",
        "$metadata",
        "$metadata?$format=json",
        "external",
        "external/industryData",
        "process",
        "health/live",
        "health/ready",
        "openapi/v1.json",
        "docs/",
    ];

    private readonly Filters _filters = new(random);

    /// <summary>Returns the URL of a resource to read, with the correct statuses.</summary>
    /// <param name="runs">The ids of existing runs.</param>
    /// <param name="links">The links that the service returned.</param>
    public (string Url, int[] Statuses) Read(IReadOnlyList<string> runs, IReadOnlyList<string> links) =>
        random.Next(14) switch
        {
            < 5 => (Runs() + Options(Top, Skip, Count, Filter, Order, Select, Search, Expand, Format), [200]),
            5 => (Runs() + "/" + random.AnyCase("$count") + Options(Filter, Search), [200]),
            6 => (Runs() + "/" + Operation("getStatistics") + Options(Filter, Search), [200, 204]),
            7 or 8 => (
                Runs()
                    + "/"
                    + Operation("delta")
                    + Options(Filter, Search, Select, random.Percent(20) ? Latest : SomeTop),
                [200]
            ),
            9 or 10 when runs.Count > 0 => (Run(random.Pick(runs)) + Options(Select, Expand, Format), [200]),
            11 when runs.Count > 0 => (
                Run(random.Pick(runs))
                    + "/"
                    + random.Pick(Operation("getStatistics"), "activities", "activities/$count", "activities/$ref"),
                [200]
            ),
            12 when links.Count > 0 => (random.Pick(links), [200]),
            13 => (Root() + random.Pick(_open), [200]),
            _ => (Run(random.Percent(50) ? Guid.NewGuid().ToString() : "no-run"), [404]),
        };

    /// <summary>Returns one of the URLs of the collection of runs.</summary>
    public string Runs() => Root() + random.AnyCase(random.Pick("process/runs", "external/industryData/runs"));

    public string Run(string id) => Runs() + random.Pick($"/{id}", $"('{id}')", $"/{id}", $"(%27{id}%27)");

    public string Operation(string name) => random.Pick("", Namespace) + name + random.Pick("", "()");

    /// <summary>Percent-encodes a text: all characters that require it, and some that do not.</summary>
    public string Encoded(string text) =>
        string.Concat(
            text.EnumerateRunes()
                .Select(rune =>
                {
                    var isPlain =
                        rune.IsAscii
                        && (
                            char.IsAsciiLetterOrDigit((char)rune.Value)
                            || "-._~!$'()*,;:@/?".Contains((char)rune.Value, StringComparison.Ordinal)
                        );
                    return isPlain && random.Percent(95) ? rune.ToString()
                        : rune.Value == ' ' && random.Percent(30) ? "+"
                        : string.Concat(
                            Encoding
                                .UTF8.GetBytes(rune.ToString())
                                .Select(b => "%" + b.ToString(random.Pick("X2", "x2"), CultureInfo.InvariantCulture))
                        );
                })
        );

    private string Root() => random.Pick("/", "/beta/");

    private string Options(params Func<(string, string)>[] offered)
    {
        var options = offered.Where(_ => random.Percent(40)).Select(make => make()).ToList();
        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(options));
        return options.Count == 0
            ? ""
            : "?"
                + string.Join(
                    '&',
                    options.Select(o => $"{random.Pick("$", "$", "")}{random.AnyCase(o.Item1)}={Encoded(o.Item2)}")
                );
    }

    private (string, string) Top() =>
        ("top", random.Pick("0", "1", "2", "7", "100", "1000", "1001", "99999999999999999999"));

    private (string, string) SomeTop() =>
        ("top", random.Pick("1", "2", "7", "100", "1000", "1001", "99999999999999999999"));

    private (string, string) Skip() =>
        ("skip", random.Pick("0", "1", "5", "2147483648", "9223372036854775807", "99999999999999999999"));

    private (string, string) Count() => ("count", random.AnyCase(random.Pick("true", "false")));

    private (string, string) Latest() => ("deltatoken", "latest");

    private (string, string) Expand() => ("expand", "activities");

    private (string, string) Format() =>
        (
            "format",
            random.Pick(
                "json",
                "application/json",
                "application/json;odata.metadata=full",
                "application/json;odata.metadata=none;IEEE754Compatible=true"
            )
        );

    private (string, string) Filter() => ("filter", _filters.Filter());

    private (string, string) Order() => ("orderby", _filters.Order());

    private (string, string) Select() => ("select", _filters.Select());

    private (string, string) Search() => ("search", _filters.Search());
}
