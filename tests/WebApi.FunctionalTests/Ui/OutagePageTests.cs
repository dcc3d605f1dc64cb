using System.Net;
using System.Text.RegularExpressions;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Ui;

/// <summary>Tests the pages of a service whose database is away.</summary>
public sealed partial class OutagePageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ui")]
    [InlineData("ui/runs")]
    [InlineData("ui/runs/019f0000-0000-7000-8000-000000000001")]
    [InlineData("ui/live")]
    [InlineData("ui/settings")]
    public async Task Page_is_503_as_a_page_with_the_code_of_the_interface(string path)
    {
        await using var service = await RunningService.StartWithoutDatabaseAsync(
            "Host=127.0.0.1;Port=1;Username=x;Database=x"
        );
        using var response = await service.Client.GetAsync(path, Cancellation);
        var html = await response.Content.ReadAsStringAsync(Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, html);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        response.Headers.Contains("Content-Security-Policy").ShouldBeTrue();
        response.Headers.RetryAfter.ShouldNotBeNull();
        html.ShouldContain("The service cannot answer now");
        html.ShouldContain("<code>databaseUnavailable</code>");
        html.ShouldContain("Try again");
    }

    [Fact]
    public async Task Assets_of_the_page_of_the_error_are_served()
    {
        await using var service = await RunningService.StartWithoutDatabaseAsync(
            "Host=127.0.0.1;Port=1;Username=x;Database=x"
        );
        using var response = await service.Client.GetAsync("ui", Cancellation);
        var html = await response.Content.ReadAsStringAsync(Cancellation);

        var css = await service.Client.GetStringAsync(Stylesheet().Match(html).Groups[1].Value, Cancellation);

        css.ShouldContain(":root {");
    }

    [GeneratedRegex("rel=\"stylesheet\" href=\"([^\"]+)\"")]
    private static partial Regex Stylesheet();
}
