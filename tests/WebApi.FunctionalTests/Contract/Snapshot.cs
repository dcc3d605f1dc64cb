using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit.Sdk;

namespace IndustryData.WebApi.FunctionalTests.Contract;

/// <summary>
/// Compares a text with a snapshot file next to the tests, so that the text does not change unnoticed. If
/// <c>INDUSTRYDATA_ACCEPT_CONTRACT=1</c> is set, the snapshot is updated and the test is skipped. The variable has no
/// effect if <c>CI</c> is set.
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

    /// <summary>Compares a text with its snapshot.</summary>
    /// <param name="name">The name of the snapshot file.</param>
    /// <param name="actual">The current text of the service.</param>
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
                $"{name} has been updated. Review it with git diff, and run the test again without {Variable}."
            );
        }

        throw new XunitException(
            $"The contract has changed: {name} (- snapshot, + current). "
                + $"If the change is intended, update the snapshot: {Command}\n\n{Difference(expected, actual)}"
        );
    }

    /// <summary>Returns true if the environment variables accept a change of the contract.</summary>
    public static bool IsAccepted(string? accept, string? continuousIntegration) =>
        accept == "1" && string.IsNullOrEmpty(continuousIntegration);

    /// <summary>Formats JSON with one line for each value. Names are sorted, as their order has no meaning.</summary>
    public static string Normal(string json)
    {
        var text = new StringBuilder();
        Write(JsonNode.Parse(json), "", text);
        return text.Append('\n').ToString();
    }

    /// <summary>Returns the lines that differ, each group with the line before it.</summary>
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
            + (shown.Count > MostLines ? $"\n… and {shown.Count - MostLines} more lines" : "");
    }

    // Finds the longest common subsequence of lines.
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
                yield return $"@@ line {line + i + 1}{(i > 0 ? $", after {a[i - 1].Trim()}" : "")}";
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

    private static string Folder() => Repository.PathOf("tests/WebApi.FunctionalTests/Contract");
}
