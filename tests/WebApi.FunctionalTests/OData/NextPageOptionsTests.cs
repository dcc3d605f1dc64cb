using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <summary>Tests the options in the link to the next page.</summary>
public sealed class NextPageOptionsTests
{
    [Theory]
    [InlineData("status eq 'failed'", "status%20eq%20'failed'")]
    [InlineData("a-b_c.d~e!f$g'h(i)j*k,l/m:n@o", "a-b_c.d~e!f$g'h(i)j*k,l/m:n@o")]
    [InlineData("a&b=c+d#e?f%20", "a%26b%3Dc%2Bd%23e%3Ff%2520")]
    [InlineData("Größe 👩‍🏫 学", "Gr%C3%B6%C3%9Fe%20%F0%9F%91%A9%E2%80%8D%F0%9F%8F%AB%20%E5%AD%A6")]
    [InlineData("", "")]
    public void Characters_are_escaped_only_if_a_query_option_cannot_have_them(string text, string expected)
    {
        var options = ODataQueryString.Of((ODataQueryString.Filter, text)).ForNextPage;

        options.ShouldBe($"$filter={expected}");
        Uri.UnescapeDataString(options).ShouldBe($"$filter={text}");
    }

    [Fact]
    public void Options_of_a_single_page_are_left_out()
    {
        var options = ODataQueryString.Of(
            (ODataQueryString.Top, "5"),
            (ODataQueryString.Skip, "3"),
            (ODataQueryString.SkipToken, "x")
        );

        options.ForNextPage.ShouldBe("$top=5");
        options.ForThisPage.ShouldBe("$top=5&$skip=3");
    }
}
