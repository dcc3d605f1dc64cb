using System.Text;
using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class PublicErrorTests
{
    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}{}")]
    public void Text_that_is_not_one_JSON_object_throws(string json)
    {
        Should.Throw<ArgumentException>(() => Parse(json));
        Should.Throw<ArgumentException>(() => ActivityFlow.Parse(Encoding.UTF8.GetBytes(json)));
    }

    [Fact]
    public void Text_that_is_too_large_throws()
    {
        Parse(Sized(PublicError.MaxBytes)).Json.Length.ShouldBe(64 * 1024);
        Should.Throw<ArgumentException>(() => Parse(Sized(PublicError.MaxBytes + 1)));
        Should.Throw<ArgumentException>(() =>
            ActivityFlow.Parse(Encoding.UTF8.GetBytes(Sized(ActivityFlow.MaxBytes + 1)))
        );

        static string Sized(int bytes) => $$"""{"a":"{{new string('x', bytes - 8)}}"}""";
    }

    [Theory]
    [InlineData("""{"code":"x","message":"é"}""", """{"message":"\u00e9","code":"x"}""", true)]
    [InlineData("""{"innerError":{"n":1.50}}""", """{"innerError":{"n":15e-1}}""", true)]
    [InlineData("""{"code":"x"}""", """{"code":"y"}""", false)]
    [InlineData("{}", """{"code":null}""", false)]
    public void Two_are_equal_when_their_content_is(string one, string other, bool areEqual)
    {
        var (a, b) = (Parse(one), Parse(other));

        (a == b).ShouldBe(areEqual);
        (!areEqual || a.GetHashCode() == b.GetHashCode()).ShouldBeTrue();
    }

    private static PublicError Parse(string json) => PublicError.Parse(Encoding.UTF8.GetBytes(json));
}
