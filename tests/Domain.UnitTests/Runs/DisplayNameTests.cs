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

    public static TheoryData<string, string> Bad() =>
        new()
        {
            { "", "blank" },
            { " ", "blank" },
            { "\t\r\n\v\f", "blank" },
            { "\u0085\u00a0\u1680\u2000\u2028\u2029\u202f\u205f\u3000", "blank" },
            { new string(' ', 257), "blank" },
            { new string('a', 257), "tooLong" },
            { string.Concat(Enumerable.Repeat(Clef, 128)) + "a", "tooLong" },
            { "\0", "invalidCharacters" },
            { "a\0b", "invalidCharacters" },
            { "\ud834", "invalidCharacters" },
            { "\udd1e", "invalidCharacters" },
            { "a\ud834", "invalidCharacters" },
            { "\ud834a", "invalidCharacters" },
            { "\udd1ea", "invalidCharacters" },
            { "\udd1e\ud834", "invalidCharacters" },
            { "\ud834\ud834\udd1e", "invalidCharacters" },
            { Clef + "\udd1e", "invalidCharacters" },
        };

    // Test discovery sends the texts to the runner, and this does not preserve an unpaired surrogate.
    [Theory]
    [MemberData(nameof(Good), DisableDiscoveryEnumeration = true)]
    public void A_text_of_1_to_256_code_units_is_a_name(string name) => DisplayName.Validate(name).ShouldBeNull();

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void Another_text_has_a_fault(string name, string code)
    {
        var fault = DisplayName.Validate(name).ShouldNotBeNull();

        (fault.Kind, fault.Code, fault.Target).ShouldBe((ErrorKind.Validation, code, "displayName"));
    }

    [Fact]
    public void None_is_missing() => DisplayName.Validate(null).ShouldNotBeNull().Code.ShouldBe("required");

    [Fact]
    public void The_fault_of_a_long_name_says_how_long_it_is_and_may_be() =>
        DisplayName
            .Validate(new string('a', 300))!
            .Message.ShouldBe("displayName has 300 UTF-16 code units; shorten it to 256.");

    [Theory]
    [MemberData(nameof(Good), DisableDiscoveryEnumeration = true)]
    public void Valid_text_creates_a_name_with_this_text(string text) => DisplayName.Create(text).Value.ShouldBe(text);

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void Invalid_text_creates_no_name(string text, string code) =>
        Should.Throw<ArgumentException>(() => DisplayName.Create(text), code);

    [Fact]
    public void Null_creates_no_name() => Should.Throw<ArgumentException>(() => DisplayName.Create(null));
}
