using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit.Sdk;

namespace IndustryData.WebApi.FunctionalTests.Contract;

/// <summary>
/// A text that is kept beside the tests, so that nobody changes it without seeing. <c>INDUSTRYDATA_ACCEPT_CONTRACT=1</c> keeps what the service says now;
/// the test counts as skipped then, and where <c>CI</c> is set the variable means nothing.
/// </summary>
internal static class Snapshot
{
    private const string Variable = "INDUSTRYDATA_ACCEPT_CONTRACT";
    private const string Command =
        $"{Variable}=1 ./test --project tests/WebApi.FunctionalTests --filter-class '*ContractTests'";
    private const int MostLines = 60;

    private static readonly JsonSerializerOptions _readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Compares with what is kept.</summary>
    /// <param name="name">The file.</param>
    /// <param name="actual">What the service says now.</param>
    public static void Check(string name, string actual)
    {
        var path = Path.Combine(Folder(), name);
        var expected = File.Exists(path) ? File.ReadAllText(path) : "";
        if (actual == expected)
        {
            return;
        }

        if (IsAccepted(Environment.GetEnvironmentVariable(Variable), Environment.GetEnvironmentVariable("CI")))
        {
            File.WriteAllText(path, actual);
            Assert.Skip(
                $"{name} is kept as it is now; look at it with git diff, and run the test again without {Variable}."
            );
        }

        throw new XunitException(
            $"The contract has changed: {name} (- as kept, + as it is now). If it is meant to, keep it: {Command}\n\n{Difference(expected, actual)}"
        );
    }

    /// <summary>Whether a change is to be kept.</summary>
    public static bool IsAccepted(string? accept, string? continuousIntegration) =>
        accept == "1" && string.IsNullOrEmpty(continuousIntegration);

    /// <summary>JSON with a line for each value and names in order, because their order means nothing.</summary>
    public static string Normal(string json)
    {
        var text = new StringBuilder();
        Write(JsonNode.Parse(json), "", text);
        return text.Append('\n').ToString();
    }

    /// <summary>The lines that are not in both, each group with the line before it.</summary>
    public static string Difference(string expected, string actual)
    {
        var (a, b) = (expected.Split('\n'), actual.Split('\n'));
        var start = 0;
        while (start < a.Length && start < b.Length && a[start] == b[start])
        {
            start++;
        }

        var end = 0;
        while (end < a.Length - start && end < b.Length - start && a[^(end + 1)] == b[^(end + 1)])
        {
            end++;
        }

        var shown = Differences(a[start..(a.Length - end)], b[start..(b.Length - end)], start).ToList();
        return string.Join('\n', shown.Take(MostLines))
            + (shown.Count > MostLines ? $"\n… and {shown.Count - MostLines} lines more" : "");
    }

    // The longest common subsequence of lines.
    private static IEnumerable<string> Differences(string[] a, string[] b, int line)
    {
        var common = new ushort[a.Length + 1, b.Length + 1];
        for (var x = a.Length - 1; x >= 0; x--)
        {
            for (var y = b.Length - 1; y >= 0; y--)
            {
                common[x, y] =
                    a[x] == b[y] ? (ushort)(common[x + 1, y + 1] + 1) : Math.Max(common[x + 1, y], common[x, y + 1]);
            }
        }

        var (i, j, isInGroup) = (0, 0, false);
        while (i < a.Length || j < b.Length)
        {
            if (i < a.Length && j < b.Length && a[i] == b[j])
            {
                (i, j, isInGroup) = (i + 1, j + 1, false);
                continue;
            }

            if (!isInGroup)
            {
                isInGroup = true;
                yield return $"@@ line {line + i + 1}{(i > 0 ? $", behind {a[i - 1].Trim()}" : "")}";
            }

            yield return i < a.Length && (j == b.Length || common[i + 1, j] >= common[i, j + 1])
                ? $"- {a[i++]}"
                : $"+ {b[j++]}";
        }
    }

    private static void Write(JsonNode? node, string indent, StringBuilder text)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                WriteItems(
                    '{',
                    '}',
                    members.OrderBy(m => m.Key, StringComparer.Ordinal),
                    member =>
                    {
                        text.Append(JsonValue.Create(member.Key).ToJsonString(_readable)).Append(": ");
                        Write(member.Value, indent + "  ", text);
                    }
                );
                break;
            case JsonArray { Count: > 0 } items:
                WriteItems('[', ']', items, item => Write(item, indent + "  ", text));
                break;
            default:
                text.Append(node?.ToJsonString(_readable) ?? "null");
                break;
        }

        void WriteItems<T>(char open, char close, IEnumerable<T> items, Action<T> write)
        {
            var separator = open.ToString();
            foreach (var item in items)
            {
                text.Append(separator).Append('\n').Append(indent).Append("  ");
                write(item);
                separator = ",";
            }

            text.Append('\n').Append(indent).Append(close);
        }
    }

    private static string Folder()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "IndustryData.sln")))
        {
            root = root.Parent!;
        }

        return Path.Combine(root.FullName, "tests", "WebApi.FunctionalTests", "Contract");
    }
}
