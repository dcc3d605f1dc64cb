using System.Net;
using System.Text.RegularExpressions;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace IndustryData.WebApi.FunctionalTests.OpenApi;

/// <summary>
/// Tests the descriptions of the service: the OpenAPI document for programs and the reference page for people.
/// </summary>
public sealed partial class DescriptionTests(TestDatabase database) : FunctionalTest(database)
{
    [Theory]
    [InlineData("openapi/v1.json", "")]
    [InlineData("beta/openapi/v1.json", "beta")]
    public async Task The_document_is_valid_openapi_of_the_address_that_the_caller_used_and_needs_no_token(
        string path,
        string root
    )
    {
        using var anonymous = Service.Authorized(null);
        using var response = await anonymous.GetAsync(path, Cancellation);
        var text = await response.Content.ReadAsStringAsync(Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        var (document, diagnostic) = OpenApiDocument.Parse(
            text,
            "json",
            new OpenApiReaderSettings { RuleSet = ValidationRuleSet.GetDefaultRuleSet() }
        );
        diagnostic.ShouldNotBeNull().Errors.ShouldBeEmpty();
        diagnostic.Warnings.ShouldBeEmpty();
        diagnostic.SpecificationVersion.ShouldBe(OpenApiSpecVersion.OpenApi3_1);
        document
            .ShouldNotBeNull()
            .Servers.ShouldHaveSingleItem()
            .Url.ShouldBe(new Uri(Service.Root, root).ToString().TrimEnd('/'));
        document.Paths.ShouldContainKey("/external/industryData/runs/{id}");
    }

    [Fact]
    public async Task A_fault_in_the_document_would_be_found()
    {
        var text = (await Client.GetStringAsync("openapi/v1.json", Cancellation)).Replace(
            "\"title\"",
            "\"tilte\"",
            StringComparison.Ordinal
        );

        var (_, diagnostic) = OpenApiDocument.Parse(
            text,
            "json",
            new OpenApiReaderSettings { RuleSet = ValidationRuleSet.GetDefaultRuleSet() }
        );

        diagnostic!.Errors.ShouldNotBeEmpty();
    }

    // The OpenAPI reader does not check this.
    [Fact]
    public async Task Every_reference_leads_somewhere_and_every_component_is_referred_to()
    {
        var document = await Client.GetJsonAsync(new Uri(Service.Root, "openapi/v1.json"));
        var references = Reference().Matches(document.GetRawText()).Select(m => m.Groups["path"].Value).ToHashSet();

        var components =
            from kind in document.GetProperty("components").EnumerateObject()
            where kind.Name != "securitySchemes"
            from component in kind.Value.EnumerateObject()
            select $"#/components/{kind.Name}/{component.Name}";

        references.ShouldBe(components, ignoreOrder: true);
    }

    [Theory]
    [InlineData("docs")]
    [InlineData("beta/docs")]
    public async Task The_page_has_all_that_it_needs_from_the_service_and_may_take_nothing_from_elsewhere(string path)
    {
        using var anonymous = Service.Authorized(null);
        using var response = await anonymous.GetAsync(path, Cancellation);
        var html = await response.Content.ReadAsStringAsync(Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        html.ShouldNotContain("//");
        var page = response.RequestMessage!.RequestUri!;
        var scripts = Source().Matches(html).Select(m => new Uri(page, m.Groups["url"].Value)).ToList();
        scripts.Count.ShouldBe(2);
        foreach (var script in scripts)
        {
            using var answer = await anonymous.GetAsync(script, Cancellation);
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/javascript");
            (await answer.Content.ReadAsByteArrayAsync(Cancellation)).Length.ShouldBeGreaterThan(500);
        }

        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldStartWith("default-src 'none'");
        policy.ShouldNotContain("http");
        var nonce = Nonce().Match(policy).Groups["nonce"].Value;
        Script().Count(html).ShouldBe(3);
        html.Split($"nonce=\"{nonce}\"").Length.ShouldBe(4);
        (await anonymous.GetAsync(path, Cancellation))
            .Headers.GetValues("Content-Security-Policy")
            .Single()
            .ShouldNotBe(policy);
    }

    [GeneratedRegex("<script[^>]* src=\"(?<url>[^\"]+)\"")]
    private static partial Regex Source();

    [GeneratedRegex("\"\\$ref\": *\"(?<path>[^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("<script")]
    private static partial Regex Script();

    [GeneratedRegex("'nonce-(?<nonce>[^']+)'")]
    private static partial Regex Nonce();
}
