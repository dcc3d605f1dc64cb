using System.Text.RegularExpressions;

namespace IndustryData.ArchitectureTests;

/// <summary>Tests of the words of the source code.</summary>
public sealed partial class VocabularyTests
{
    [Fact]
    public void Source_uses_the_standard_terms() => FindInSource(PrivateWord()).ShouldBeEmpty();

    [Fact]
    public void Summary_says_what_the_thing_is_or_does() => FindInSource(Question()).ShouldBeEmpty();

    [Theory]
    [InlineData("// Nobody has told the service.", 2)]
    [InlineData("The message is sent to the attendee.", 0)]
    public void Private_words_are_found_as_words(string text, int count) => PrivateWord().Count(text).ShouldBe(count);

    [Theory]
    [InlineData("/// <summary>Whether it is valid.</summary>", 1)]
    [InlineData("/// <summary>\n    /// What was read.\n    /// </summary>", 1)]
    [InlineData("/// <summary>Determines whether it is valid.</summary>", 0)]
    public void Questions_are_found_at_the_beginning(string text, int count) => Question().Count(text).ShouldBe(count);

    private static string[] FindInSource(Regex pattern) =>
        [
            .. Directory
                .EnumerateFiles(Repository.PathOf("src"), "*", SearchOption.AllDirectories)
                .Where(file => Path.GetExtension(file) is ".cs" or ".css" or ".js" or ".razor" or ".sql")
                .SelectMany(file => pattern.Matches(File.ReadAllText(file)).Select(m => $"{file}: {m.Value}")),
        ];

    [GeneratedRegex(@"\b(anew|mend|patience|upkeep|whoever|nobody|told|begun)\b", RegexOptions.IgnoreCase)]
    private static partial Regex PrivateWord();

    [GeneratedRegex(@"<summary>\s*(///\s*)?(What|Whose|Whether|Who)\b")]
    private static partial Regex Question();
}
