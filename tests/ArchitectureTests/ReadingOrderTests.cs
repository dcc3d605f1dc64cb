using System.Text.RegularExpressions;

namespace IndustryData.ArchitectureTests;

/// <summary>
/// Tests of what a newcomer reads first: README.md, and docs/reading-order.md, which lists at most six files, with at
/// most 500 lines in total, that show how the service adds a run.
/// </summary>
public sealed partial class ReadingOrderTests
{
    [Fact]
    public void Add_run_is_read_in_six_files_of_at_most_500_lines()
    {
        var order = File.ReadAllText(Repository.PathOf("docs/reading-order.md"));
        var files = Step().Matches(order).Select(m => m.Groups["file"].Value).ToArray();

        files.Length.ShouldBeInRange(1, 6);
        files.Sum(f => File.ReadLines(Repository.PathOf(f)).Count()).ShouldBeInRange(100, 500);
    }

    [Fact]
    public void Readme_has_at_most_110_lines() =>
        File.ReadLines(Repository.PathOf("README.md")).Count().ShouldBeInRange(50, 110);

    [GeneratedRegex(@"^\d\. \[`(?<file>[^`]+)`\]", RegexOptions.Multiline)]
    private static partial Regex Step();
}
