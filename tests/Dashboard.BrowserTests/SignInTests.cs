using System.Net;
using System.Net.Http.Headers;
using Deque.AxeCore.Playwright;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>The sign-in by a link and at an identity provider, and the session of the browser.</summary>
public sealed class SignInTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    [Fact]
    public async Task Link_signs_in_with_one_click_and_only_once()
    {
        var link = await CreateLinkAsync();
        var page = await OpenSignedOutAsync(link);
        await page.WaitForURLAsync("**/ui");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Overview" })).ToBeVisibleAsync();
        page.Url.ShouldNotContain("#");
        AllowsErrorPages = true;
        var other = await OpenSignedOutAsync(link);

        await Assertions.Expect(other.GetByText("has been used already")).ToBeVisibleAsync();
        other.Url.ShouldNotContain("#");
    }

    [Fact]
    public async Task Session_follows_changes_downloads_and_reads_the_json_of_a_run()
    {
        var page = await OpenSignedOutAsync(await CreateLinkAsync());
        await page.WaitForURLAsync("**/ui");
        await page.GotoAsync("ui/live");
        await page.Locator("body[data-live=connected]").WaitForAsync();
        var name = $"Session {Guid.NewGuid():N}";
        await Dashboard.AddRunAsync(name, "completed");
        await Assertions.Expect(page.Locator("#changes").GetByText(name)).ToBeVisibleAsync();

        await page.GotoAsync($"ui/runs?$filter=displayName eq '{name}'");
        var download = await page.RunAndWaitForDownloadAsync(() =>
            page.GetByRole(AriaRole.Link, new() { Name = "CSV" }).ClickAsync()
        );
        (await File.ReadAllTextAsync(await download.PathAsync(), Cancellation)).ShouldContain(name);
        await page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "JSON", Exact = true }).ClickAsync();

        (await page.ContentAsync()).ShouldContain(name);
    }

    [Fact]
    public async Task Session_ends_with_the_sign_out()
    {
        var page = await OpenSignedOutAsync(await CreateLinkAsync());
        await page.WaitForURLAsync("**/ui");
        await page.GotoAsync("ui/settings");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.WaitForURLAsync("**/ui/sign-in");

        AllowsErrorPages = true;
        await page.GotoAsync("ui/runs");

        await Assertions.Expect(page.GetByText("Sign in to see this page.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        await page.WaitForURLAsync("**/ui/sign-in?return=%2Fui%2Fruns");
    }

    /// <summary>The provider has another host than the service, so the browser comes back from another site.</summary>
    [Fact]
    public async Task Button_of_the_provider_signs_in_and_leads_back_to_the_page()
    {
        AllowsErrorPages = true;
        OtherOrigins.Add(Dashboard.Provider.Url);
        var page = await OpenSignedOutAsync("ui/runs?status=failed");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with localhost" }).ClickAsync();
        await page.WaitForURLAsync("**/ui/runs?status=failed");

        await Assertions.Expect(page.GetByText("Ada Example")).ToBeVisibleAsync();
        AllowsErrorPages = false;
        await page.GotoAsync("ui/live");
        await page.Locator("body[data-live=connected]").WaitForAsync();
        (await page.Context.CookiesAsync())
            .Select(c => c.Name)
            .ShouldBe([$"industrydata-{Dashboard.Service.Root.Port}"]);
    }

    [Fact]
    public async Task Session_creates_a_token_that_is_shown_once()
    {
        var page = await OpenSignedOutAsync(await CreateLinkAsync());
        await page.WaitForURLAsync("**/ui");
        await page.GotoAsync("ui/settings");
        await Assertions.Expect(page.Locator("dt:text-is('Signed in until') + dd")).ToContainTextAsync("(in 6 days)");
        await page.GetByLabel("IndustryData-Run.Start").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create a token" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Copy the token now" }).WaitForAsync();
        var token = page.Locator("section.notice pre code");
        var text = await token.TextContentAsync();

        text.ShouldNotBeNull().ShouldStartWith("eyJ");
        page.Url.ShouldNotContain(text);
        (await page.RunAxe(AppearanceTests.Rules)).Violations.ShouldBeEmpty();
        using var request = new HttpRequestMessage(HttpMethod.Get, "process/runs?$top=1");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", text);
        using var list = await Dashboard.Service.Client.SendAsync(request, Cancellation);
        list.StatusCode.ShouldBe(HttpStatusCode.OK);
        await page.GotoAsync("ui/settings/token");
        await page.WaitForURLAsync("**/ui/settings");
        (await token.CountAsync()).ShouldBe(0);
    }

    private Task<IPage> OpenSignedOutAsync(string path) => OpenAsync(path, options => options.ExtraHTTPHeaders = []);

    private async Task<string> CreateLinkAsync()
    {
        var (code, output, errors) = await ServiceProcess.RunAsync(
            ["link", "--tenant", $"{Tokens.Tenant}", "--url", $"{Dashboard.Service.Root}"],
            ("Authentication__SigningKeys__0", Tokens.Key),
            ("ConnectionStrings__IndustryData", Dashboard.ConnectionString)
        );
        code.ShouldBe(0, errors);
        return output.Trim();
    }
}
