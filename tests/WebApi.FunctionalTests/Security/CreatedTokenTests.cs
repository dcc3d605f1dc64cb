using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>Tests the tokens that the page Settings creates.</summary>
public sealed partial class CreatedTokenTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string Path = "ui/settings/token";
    private const string Read = "IndustryData-Run.Read.All";
    private const string Write = "IndustryData-Run.ReadWrite.All";

    private readonly TemporaryDirectory _folder = new();
    private RunningService _service = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _service = await RunningService.StartAsync(
            database.ConnectionString,
            ("SignIn:AttemptsPerMinute", "1000"),
            ("Audit:Path", System.IO.Path.Combine(_folder.Path, "audit.json"))
        );

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Token_has_the_chosen_permissions_and_days_of_the_tenant_of_the_session()
    {
        var tenant = Guid.NewGuid();
        using var browser = await Browser.SignedInAsync(_service, tenant);
        using var response = await CreateAsync(browser, days: "7", Read);
        var text = TokenOf(await response.Content.ReadAsStringAsync(Cancellation));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        response.Headers.Location.ShouldBeNull();
        var token = new JsonWebToken(text);
        token.GetClaim("tid").Value.ShouldBe($"{tenant}");
        token.Claims.Where(c => c.Type == "roles").Select(c => c.Value).ShouldBe([Read]);
        (token.ValidTo - DateTime.UtcNow).TotalDays.ShouldBeInRange(6.9, 7);
        using var client = _service.Authorized(text);
        (await client.GetAsync("process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var write = await client.PostAsync("process/runs", Bodies.Json(Bodies.Run), Cancellation);
        write.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Token_is_shown_once_and_is_in_no_event_of_the_audit_log()
    {
        using var browser = await Browser.SignedInAsync(_service);
        using var first = await CreateAsync(browser, days: "1", Read, Write);
        var text = TokenOf(await first.Content.ReadAsStringAsync(Cancellation));
        using var second = await CreateAsync(browser, days: "1", Read, Write);
        using var settings = await browser.GetAsync("ui/settings");

        TokenOf(await second.Content.ReadAsStringAsync(Cancellation)).ShouldNotBe(text);
        Token().IsMatch(await settings.Content.ReadAsStringAsync(Cancellation)).ShouldBeFalse();
        await _service.DisposeAsync();
        var lines = Directory.GetFiles(_folder.Path).SelectMany(File.ReadAllLines).ToList();
        lines.ShouldAllBe(line => !Token().IsMatch(line));
        var created = lines
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line))
            .Where(e => e.Text("action") == "createToken")
            .ToList();
        created.Count.ShouldBe(2);
        created[0].Text("created_token").ShouldBe(new JsonWebToken(text).Id);
        created[0].Text("tenant").ShouldBe($"{Tokens.Tenant}");
        created[0].GetProperty("status").GetInt32().ShouldBe(200);
    }

    [Theory]
    [InlineData("0", Read, "invalidDays")]
    [InlineData("367", Read, "invalidDays")]
    [InlineData("-1", Read, "invalidDays")]
    [InlineData("1.5", Read, "invalidDays")]
    [InlineData("", Read, "invalidDays")]
    [InlineData("99999999999999999999", Read, "invalidDays")]
    [InlineData("1", "", "invalidPermission")]
    [InlineData("1", "Everything", "invalidPermission")]
    public async Task Choice_that_is_not_offered_is_refused(string days, string permission, string code)
    {
        using var browser = await Browser.SignedInAsync(_service);
        using var response = await CreateAsync(browser, days, permission);
        var html = await response.Content.ReadAsStringAsync(Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        html.ShouldContain(code);
        Token().IsMatch(html).ShouldBeFalse();
    }

    [Fact]
    public async Task Form_without_permissions_or_too_large_is_refused()
    {
        using var browser = await Browser.SignedInAsync(_service);
        using var none = await CreateAsync(browser, days: "1");
        using var large = await CreateAsync(browser, days: new string('1', 40_000), Read);

        none.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await none.Content.ReadAsStringAsync(Cancellation)).ShouldContain("invalidPermission");
        large.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Session_of_a_token_creates_none_whatever_its_claims()
    {
        using var browser = new Browser(_service.Root);
        using var signIn = await browser.SignInAsync(Tokens.Make(others: [("amr", "link")]));
        signIn.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        using var response = await CreateAsync(browser, days: "366", Write);
        using var settings = await browser.GetAsync("ui/settings");

        await ShouldBeRefusedAsync(response);
        (await settings.Content.ReadAsStringAsync(Cancellation)).ShouldContain("Only a session that a sign-in link");
    }

    [Fact]
    public async Task Token_in_the_header_creates_none_whatever_its_claims()
    {
        using var client = _service.Authorized(Tokens.Make(others: [("amr", "link")]));
        using var response = await client.PostAsync(Path, Form("366", Write), Cancellation);

        await ShouldBeRefusedAsync(response);
    }

    [Theory]
    [InlineData("same-origin", "-", true)]
    [InlineData("-", "own", true)]
    [InlineData("same-site", "-", false)]
    [InlineData("cross-site", "-", false)]
    [InlineData("cross-site", "own", false)]
    [InlineData("none", "-", false)]
    [InlineData("-", "https://evil.example", false)]
    [InlineData("-", "null", false)]
    [InlineData("-", "-", false)]
    public async Task Form_is_only_for_the_own_pages(string site, string origin, bool isAllowed)
    {
        using var browser = await Browser.SignedInAsync(_service);
        var own = _service.Root.GetLeftPart(UriPartial.Authority);
        (string Name, string Value)[] headers = [("Sec-Fetch-Site", site), ("Origin", origin == "own" ? own : origin)];
        using var response = await browser.SendAsync(
            HttpMethod.Post,
            Path,
            headers.Where(h => h.Value != "-"),
            Form("1", Read)
        );
        var html = await response.Content.ReadAsStringAsync(Cancellation);

        response.StatusCode.ShouldBe(isAllowed ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
        Token().IsMatch(html).ShouldBe(isAllowed);
        html.Contains("otherOrigin", StringComparison.Ordinal).ShouldBe(!isAllowed);
    }

    [Fact]
    public async Task Address_of_the_form_leads_to_the_page()
    {
        using var browser = await Browser.SignedInAsync(_service);
        using var response = await browser.GetAsync($"beta/{Path}");

        response.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        response.Headers.Location!.OriginalString.ShouldBe("/beta/ui/settings");
    }

    private static Task<HttpResponseMessage> CreateAsync(Browser browser, string days, params string[] permissions) =>
        browser.SendAsync(HttpMethod.Post, Path, Browser.SameOrigin, Form(days, permissions));

    private static FormUrlEncodedContent Form(string days, params string[] permissions) =>
        new([KeyValuePair.Create("days", days), .. permissions.Select(p => KeyValuePair.Create("permission", p))]);

    private static async Task ShouldBeRefusedAsync(HttpResponseMessage response)
    {
        var html = await response.Content.ReadAsStringAsync(Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        html.ShouldContain("tokenRefused");
        Token().IsMatch(html).ShouldBeFalse();
    }

    private static string TokenOf(string html) => Token().Match(html).Value;

    [GeneratedRegex(@"eyJ[\w-]+\.[\w-]+\.[\w-]+")]
    private static partial Regex Token();
}
