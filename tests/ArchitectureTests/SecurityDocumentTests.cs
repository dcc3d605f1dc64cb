using System.Text.RegularExpressions;

namespace IndustryData.ArchitectureTests;

/// <summary>Tests of docs/security.md: the tests and files that it names as evidence exist.</summary>
public sealed partial class SecurityDocumentTests
{
    private const string NoTest = "–";

    private static readonly string[] _states = ["holds", "not yet", "does not apply"];

    private static readonly string _document = File.ReadAllText(Repository.PathOf("docs/security.md"));

    [Fact]
    public void Every_named_test_exists()
    {
        var tests = Directory
            .EnumerateFiles(Repository.PathOf("tests"), "*Tests.cs", SearchOption.AllDirectories)
            .SelectMany(file => Declaration().Matches(File.ReadAllText(file)))
            .Select(declaration => declaration.Groups["name"].Value)
            .ToHashSet();
        var named = TestName().Matches(_document).Select(m => m.Groups["name"].Value).Distinct().ToList();

        named.Count.ShouldBeGreaterThan(50);
        named.Where(name => !tests.Contains(name)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_named_file_exists()
    {
        var named = FileName().Matches(_document).Select(m => m.Groups["name"].Value).Distinct().ToList();

        named.ShouldNotBeEmpty();
        named.Where(name => !Path.Exists(Repository.PathOf(name))).ShouldBeEmpty();
    }

    [Fact]
    public void Every_threat_names_a_test_or_says_that_there_is_none()
    {
        var threats = Rows("threat").ToList();

        threats.Count.ShouldBeGreaterThan(40);
        threats.Where(row => row[^1] != NoTest && !TestName().IsMatch(row[^1])).ShouldBeEmpty();
    }

    [Fact]
    public void Every_group_of_requirements_has_a_state_and_evidence()
    {
        var groups = Rows("group").ToList();

        groups.Count.ShouldBeGreaterThan(80);
        groups.Where(row => row.Length != 3 || !_states.Contains(row[1]) || row[2].Length == 0).ShouldBeEmpty();
    }

    /// <summary>Returns the rows of the tables that have a column with this name.</summary>
    private static IEnumerable<string[]> Rows(string column)
    {
        var header = Array.Empty<string>();
        foreach (var line in _document.Split('\n'))
        {
            var cells = line.StartsWith('|') ? line.Trim('|').Split('|', StringSplitOptions.TrimEntries) : [];
            if (cells.Length == 0 || header.Length == 0)
            {
                header = cells;
            }
            else if (header.Contains(column) && !cells[0].StartsWith("---", StringComparison.Ordinal))
            {
                yield return cells;
            }
        }
    }

    // A test method has a name with underscores. The name of a setting has two of them side by side, and the name of an
    // environment variable has no lowercase letter.
    [GeneratedRegex("`(?<name>(?![A-Z_]+`)[A-Z][A-Za-z0-9]*(_[A-Za-z0-9]+)+|[A-Z][A-Za-z0-9]*Tests)`")]
    private static partial Regex TestName();

    [GeneratedRegex("`(?<name>(src|tests|docs|scripts|\\.github)/[^`]+)`")]
    private static partial Regex FileName();

    [GeneratedRegex(
        @"^( {4}public (async )?(Task|void) (?<name>\w+)\(|public [a-z ]*class (?<name>\w+))",
        RegexOptions.Multiline
    )]
    private static partial Regex Declaration();
}
