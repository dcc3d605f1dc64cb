using System.Text;
using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class RunStatisticsTests
{
    public static TheoryData<string> Invalid() =>
        [
            "",
            " ",
            "null",
            "[]",
            "1",
            "\"{}\"",
            "{",
            "{}{}",
            "{} 1",
            """{"a":1,}""",
            """{"a":nonsense}""",
            """{"inboundTotals":[]}""",
            """{"inboundTotals":1}""",
            """{"inboundTotals":{"errors":-1}}""",
            """{"inboundTotals":{"warnings":1.5}}""",
            """{"inboundTotals":{"groups":1e3}}""",
            """{"inboundTotals":{"memberships":9007199254740992}}""",
            """{"inboundTotals":{"organizations":9223372036854775808}}""",
            """{"inboundTotals":{"people":"1"}}""",
            """{"inboundTotals":{"people":{}}}""",
            """{"inboundTotals":{"people":true}}""",
            """{"inboundTotals":{"people":1}""",
        ];

    [Fact]
    public void Totals_are_read_wherever_they_stand_and_the_text_is_kept()
    {
        const string json =
            """{"before":{"errors":9,"inboundTotals":{"errors":9}},"inboundTotals":{"roles":[{"errors":9}]"""
            + ""","errors":1,"warnings":2,"groups":3,"memberships":4,"organizations":5,"people":9007199254740991}"""
            + ""","after":[{"people":9}]}""";
        var statistics = Parse(json);

        statistics.Json.ShouldBe(json);
        statistics.InboundTotals.ShouldBe(
            new InboundTotals
            {
                Errors = 1,
                Warnings = 2,
                Groups = 3,
                Memberships = 4,
                Organizations = 5,
                People = RunStatistics.LargestCount,
            }
        );
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"inboundTotals":null}""")]
    [InlineData("""{"inboundTotals":{}}""")]
    [InlineData("""{"inboundTotals":{"errors":null,"Errors":1,"total":2}}""")]
    public void Totals_that_are_not_told_are_null(string json) =>
        Parse(json).InboundTotals.ShouldBe(new InboundTotals());

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Text_that_is_not_statistics_throws(string json) => Should.Throw<ArgumentException>(() => Parse(json));

    [Fact]
    public void Text_with_more_than_32_levels_throws()
    {
        Parse(Levels(32)).Json.ShouldBe(Levels(32));
        Should.Throw<ArgumentException>(() => Parse(Levels(33)));

        static string Levels(int count) =>
            string.Concat(Enumerable.Repeat("{\"a\":", count - 1)) + "{}" + new string('}', count - 1);
    }

    [Fact]
    public void Text_with_more_than_four_times_the_reported_limit_throws()
    {
        Parse(Sized(4 * RunStatistics.MaxBytes)).Json.Length.ShouldBe(4 * RunStatistics.MaxBytes);
        Should.Throw<ArgumentException>(() => Parse(Sized((4 * RunStatistics.MaxBytes) + 1)));

        static string Sized(int bytes) => $$"""{"a":"{{new string('x', bytes - 8)}}"}""";
    }

    [Fact]
    public void Empty_statistics_are_those_of_an_empty_object() => RunStatistics.Empty.ShouldBe(Parse("{}"));

    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{ "b": 2, "a": 1 }""", true)]
    [InlineData("""{"a":"ä"}""", """{"a":"\u00e4"}""", true)]
    [InlineData("""{"a":1.0}""", """{"a":1.00}""", true)]
    [InlineData("""{"inboundTotals":{"errors":1}}""", """{"inboundTotals":{"errors":1}}""", true)]
    [InlineData("""{"inboundTotals":{"errors":1}}""", """{"inboundTotals":{"errors":2}}""", false)]
    [InlineData(
        """{"inboundTotals":{"matchedPeopleByRole":[{"role":"a"}]}}""",
        """{"inboundTotals":{"matchedPeopleByRole":[{"role":"b"}]}}""",
        false
    )]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""", false)]
    [InlineData("""{"a":null}""", "{}", false)]
    [InlineData("""{"a":1e99999999999}""", """{"a":1e99999999999}""", true)]
    [InlineData("""{"a":1e99999999999}""", """{"a":1E99999999998}""", false)]
    [InlineData("""{"a":12345678901234567890}""", """{"a":12345678901234567891}""", false)]
    public void Two_are_equal_when_their_content_is(string one, string other, bool areEqual)
    {
        var (a, b) = (Parse(one), Parse(other));

        a.Equals(b).ShouldBe(areEqual);
        b.Equals(a).ShouldBe(areEqual);
        a.Equals((object)b).ShouldBe(areEqual);
        (!areEqual || a.GetHashCode() == b.GetHashCode()).ShouldBeTrue();
    }

    [Fact]
    public void None_equals_statistics()
    {
        RunStatistics.Empty.Equals(null).ShouldBeFalse();
        RunStatistics.Empty.Equals((object)"{}").ShouldBeFalse();
    }

    private static RunStatistics Parse(string json) => RunStatistics.Parse(Encoding.UTF8.GetBytes(json));
}
