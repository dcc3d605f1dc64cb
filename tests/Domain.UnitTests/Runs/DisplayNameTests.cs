using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class DisplayNameTests
{
    private const string Clef = "\ud834\udd1e";

    public static TheoryData<string> Good() =>
        [
            "a",
            " a ",
            "\u200b", // zero width space, which is a format character and not white space
            "Nächtlicher Abgleich\n第2回 " + Clef,
            "\u0001",
            "\uffff",
            new string('a', 256),
            string.Concat(Enumerable.Repeat(Clef, 128)),
            new string('a', 254) + Clef,
        ];

    public static TheoryData<string> Bad() =>
        [
            "",
            " ",
            "\t\r\n\v\f",
            "\u0085\u00a0\u1680\u2000\u2028\u2029\u202f\u205f\u3000",
            new string(' ', 257),
            new string('a', 257),
            string.Concat(Enumerable.Repeat(Clef, 128)) + "a",
            "\0",
            "a\0b",
            "\ud834",
            "\udd1e",
            "a\ud834",
            "\ud834a",
            "\udd1ea",
            "\udd1e\ud834",
            "\ud834\ud834\udd1e",
            Clef + "\udd1e",
        ];

    // Test discovery sends the texts to the runner, and this does not preserve an unpaired surrogate.
    [Theory]
    [MemberData(nameof(Good), DisableDiscoveryEnumeration = true)]
    public void Valid_text_creates_a_name_with_this_text(string text) => DisplayName.Create(text).Value.ShouldBe(text);

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void Invalid_text_creates_no_name(string text) =>
        Should.Throw<ArgumentException>(() => DisplayName.Create(text));

    [Fact]
    public void Null_creates_no_name() => Should.Throw<ArgumentException>(() => DisplayName.Create(null));
}
