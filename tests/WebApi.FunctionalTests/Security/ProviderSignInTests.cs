using System.Diagnostics;
using System.Net;
using IndustryData.Infrastructure;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>Tests the sign-in of people at an OpenID Connect provider.</summary>
public sealed class ProviderSignInTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string Callback = "/ui/sign-in/callback/0";

    // The service waits for 5 seconds.
    private static readonly TimeSpan _ofProvider = TimeSpan.FromSeconds(12);

    private IdentityProvider _provider = null!;
    private RunningService _service = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _provider = await IdentityProvider.StartAsync();
        _service = await StartAsync(_provider.Settings(0, Tokens.Tenant));
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task Sign_in_at_the_provider_starts_a_session_with_the_roles_of_the_person()
    {
        _provider.Claims["roles"] = new[] { "IndustryData-Run.Read.All", "Another.Role" };
        using var browser = new CookieBrowser(_service.Root);
        using var response = await browser.SignInAsync("/ui/runs?page=2");

        response.StatusCode.ShouldBe(HttpStatusCode.Redirect, await TextAsync(response));
        response.Headers.Location!.OriginalString.ShouldBe("/ui/runs?page=2");
        using var page = await browser.GetAsync("ui/settings", CookieBrowser.FromOtherSite);
        var html = await TextAsync(page);
        page.StatusCode.ShouldBe(HttpStatusCode.OK);
        html.ShouldContain("Ada Example");
        html.ShouldContain("IndustryData-Run.Read.All");
        html.ShouldNotContain("IndustryData-Run.ReadWrite.All");
        html.ShouldNotContain("Another.Role");
        using var read = await browser.GetAsync("process/runs", Browser.SameOrigin);
        read.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var write = await browser.SendAsync(
            HttpMethod.Post,
            "process/runs",
            Browser.SameOrigin,
            Bodies.Json(Bodies.Run)
        );
        write.StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        // The cookie has no token in it, and the cookies of the sign-in are gone.
        var cookie = browser.Cookies.ShouldHaveSingleItem();
        cookie.Name.ShouldBe($"industrydata-{_service.Root.Port}");
        cookie.Value.Length.ShouldBeLessThan(1024);
        (cookie.Expires.ToUniversalTime() - DateTime.UtcNow).TotalHours.ShouldBeInRange(11.9, 12);
    }

    [Fact]
    public async Task Start_asks_for_a_code_with_pkce_and_keeps_two_short_cookies_for_the_way_back()
    {
        using var browser = new CookieBrowser(_service.Root);
        using var response = await browser.GetAsync("ui/sign-in/start/0", Browser.SameOrigin);

        response.StatusCode.ShouldBe(HttpStatusCode.Redirect, await TextAsync(response));
        var url = response.Headers.Location!;
        url.GetLeftPart(UriPartial.Path).ShouldBe($"{_provider.Url}/authorize");
        var query = QueryHelpers.ParseQuery(url.Query);
        query["redirect_uri"].ToString().ShouldBe(new Uri(_service.Root, Callback).AbsoluteUri);
        query["code_challenge_method"].ToString().ShouldBe("S256");
        query["response_type"].ToString().ShouldBe("code");
        query.ShouldNotContainKey("response_mode");
        query.ShouldNotContainKey("client_secret");
        var cookies = response.Headers.GetValues("Set-Cookie").ToList();
        cookies.Count.ShouldBe(2);
        cookies.ShouldAllBe(c =>
            c.Contains($"path={Callback};")
            && c.Contains("samesite=lax")
            && c.Contains("httponly")
            && !c.Contains("secure")
        );
    }

    [Theory]
    [InlineData("nonce", "another", "follow the protocol")]
    [InlineData("nonce", null, "follow the protocol")]
    [InlineData("aud", "another-client", "audience")]
    [InlineData("iss", "https://elsewhere.example", "issuer")]
    [InlineData("tid", "22222222-2222-4222-8222-222222222222", "may not issue tokens for the tenant")]
    [InlineData("tid", null, "names no tenant")]
    [InlineData("exp", 1_700_000_000L, "expired")]
    public async Task Id_token_with_a_wrong_claim_starts_no_session(string claim, object? value, string reason)
    {
        _provider.Claims[claim] = value;

        await ShouldBeRefusedAsync("signInRefused", reason);
    }

    [Theory]
    [InlineData(IdentityProvider.Fault.NoSignature, "no signature")]
    [InlineData(IdentityProvider.Fault.ForeignKey, "signature is invalid")]
    [InlineData(IdentityProvider.Fault.AccessTokenType, "type")]
    public async Task Token_that_is_no_id_token_of_the_provider_starts_no_session(
        IdentityProvider.Fault fault,
        string reason
    )
    {
        _provider.TokenFault = fault;

        await ShouldBeRefusedAsync("signInRefused", reason);
    }

    [Theory]
    [InlineData("roles", "Another.Role")]
    [InlineData("roles", null)]
    [InlineData("scp", "openid profile")]
    public async Task Person_without_a_role_learns_what_to_ask_for(string claim, string? value)
    {
        _provider.Claims[claim] = value;

        var html = await ShouldBeRefusedAsync("noRole", "you have no role for this service");

        html.ShouldContain("IndustryData-Run.Read.All");
        html.ShouldContain("/ui/sign-in/start/0");
    }

    /// <summary>The copy has the cookies that the browser had at the provider.</summary>
    [Fact]
    public async Task Second_use_of_a_callback_is_refused_without_a_question_to_the_provider()
    {
        using var browser = new CookieBrowser(_service.Root);
        var callback = await browser.GoToProviderAsync();
        using var copy = browser.Copy();
        using var first = await browser.GetAsync(callback, CookieBrowser.FromOtherSite);
        first.StatusCode.ShouldBe(HttpStatusCode.Redirect);

        using var again = await browser.GetAsync(callback, CookieBrowser.FromOtherSite);
        await ShouldBePageAsync(again, HttpStatusCode.Forbidden, "signInOutdated", "Sign in again");
        using var copied = await copy.GetAsync(callback, CookieBrowser.FromOtherSite);
        await ShouldBePageAsync(copied, HttpStatusCode.Forbidden, "signInOutdated", "Sign in again");
        _provider.TokenRequests.ShouldBe(1);
    }

    [Fact]
    public async Task Callback_of_another_browser_or_with_its_code_is_refused()
    {
        using var browser = new CookieBrowser(_service.Root);
        using var other = new CookieBrowser(_service.Root);
        using var stranger = new CookieBrowser(_service.Root);
        var callback = await browser.GoToProviderAsync();
        var ofOther = await other.GoToProviderAsync();

        // The provider compares the verifier of this browser with the challenge of the other one.
        var mixed = callback.Replace(Code(callback), Code(ofOther), StringComparison.Ordinal);
        using var injected = await browser.GetAsync(mixed, CookieBrowser.FromOtherSite);
        await ShouldBePageAsync(injected, HttpStatusCode.Forbidden, "signInOutdated", "Sign in again");
        _provider.TokenRequests.ShouldBe(1);
        foreach (var url in (string[])[ofOther, Callback, $"{Callback}?state=x", $"{Callback}?code=x&state=x"])
        {
            using var response = await stranger.GetAsync(url, CookieBrowser.FromOtherSite);
            await ShouldBePageAsync(response, HttpStatusCode.Forbidden, "signInOutdated", "Sign in again");
        }

        _provider.TokenRequests.ShouldBe(1);
        browser.HasSession.ShouldBeFalse();
        stranger.HasSession.ShouldBeFalse();
    }

    [Fact]
    public async Task Sign_in_that_takes_too_long_is_refused_whatever_cookies_the_browser_kept()
    {
        var format = _service
            .Services.GetRequiredService<IOptionsMonitor<OpenIdConnectOptions>>()
            .Get("sign-in 0")
            .StateDataFormat;
        using var browser = new CookieBrowser(_service.Root);
        var callback = await browser.GoToProviderAsync();
        var state = QueryHelpers.ParseQuery(new Uri(callback).Query)["state"].ToString();
        var started = format.Unprotect(state)!;
        (started.ExpiresUtc!.Value - DateTimeOffset.UtcNow).TotalMinutes.ShouldBeInRange(14, 15);
        started.ExpiresUtc = DateTimeOffset.UtcNow.AddSeconds(-1);
        using var response = await browser.GetAsync(
            callback.Replace(state, format.Protect(started), StringComparison.Ordinal),
            CookieBrowser.FromOtherSite
        );

        await ShouldBePageAsync(response, HttpStatusCode.Forbidden, "signInOutdated", "longer than 15 minutes");
        _provider.TokenRequests.ShouldBe(0);
    }

    [Fact]
    public async Task Sign_in_without_the_database_is_503()
    {
        await using var service = await RunningService.StartWithoutDatabaseAsync(
            "Host=127.0.0.1;Port=1;Username=x;Database=x",
            _provider.Settings()
        );
        using var browser = new CookieBrowser(service.Root);
        var state = $"CfDJ8{new string('A', 91)}";
        foreach (var path in (string[])["ui/sign-in/start/0", $"{Callback}?code=x&state={state}"])
        {
            using var response = await browser.GetAsync(path, Browser.SameOrigin);
            await ShouldBePageAsync(response, HttpStatusCode.ServiceUnavailable, "databaseUnavailable", "Sign in with");
        }

        _provider.TokenRequests.ShouldBe(0);
    }

    [Theory]
    [InlineData("access_denied", "signInDenied", HttpStatusCode.Forbidden)]
    [InlineData("invalid_scope&error_description=%3Cscript%3Ealert(1)", "signInRefused", HttpStatusCode.Forbidden)]
    [InlineData("temporarily_unavailable", "issuerUnavailable", HttpStatusCode.ServiceUnavailable)]
    public async Task Error_of_the_provider_is_a_page_with_another_attempt(
        string error,
        string code,
        HttpStatusCode status
    )
    {
        _provider.Error = error;
        using var browser = new CookieBrowser(_service.Root);
        using var response = await browser.SignInAsync("/ui/live?a=b");

        // The next attempt leads to the same page.
        var html = await ShouldBePageAsync(
            response,
            status,
            code,
            "href=\"/ui/sign-in/start/0?return=%2Fui%2Flive%3Fa%3Db\""
        );
        html.ShouldNotContain("alert(1)");
        browser.HasSession.ShouldBeFalse();
    }

    [Theory]
    [InlineData("text/html", "<html>Bad gateway</html>", 502, "issuerUnavailable")]
    [InlineData("application/json", """{"error":"invalid_client"}""", 401, "signInRefused")]
    [InlineData("application/json", """{"error":"invalid_grant"}""", 400, "signInOutdated")]
    [InlineData("application/json", """{"access_token":"x"}""", 200, "signInRefused")]
    [InlineData("application/json", """{"access_token":"x","id_token":"x"}""", 200, "signInRefused")]
    public async Task Bad_answer_to_the_code_is_a_page(string type, string text, int status, string code)
    {
        _provider.TokenResponse = () => Task.FromResult(Results.Text(text, type, statusCode: status));
        using var browser = new CookieBrowser(_service.Root);
        using var response = await browser.SignInAsync();

        await ShouldBePageAsync(
            response,
            code == "issuerUnavailable" ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.Forbidden,
            code,
            "/ui/sign-in/start/0"
        );
        browser.HasSession.ShouldBeFalse();
    }

    [Fact]
    public async Task Provider_that_does_not_answer_the_code_is_503_within_its_timeout()
    {
        var never = new TaskCompletionSource<IResult>();
        _provider.TokenResponse = () => never.Task;
        using var browser = new CookieBrowser(_service.Root);
        var begin = Stopwatch.GetTimestamp();
        using var response = await browser.SignInAsync();
        var elapsed = Stopwatch.GetElapsedTime(begin);
        never.SetResult(Results.NoContent());

        await ShouldBePageAsync(response, HttpStatusCode.ServiceUnavailable, "issuerUnavailable", "Sign in with");
        response.Headers.RetryAfter.ShouldNotBeNull();
        elapsed.ShouldBeLessThan(_ofProvider);
    }

    [Fact]
    public async Task Provider_that_cannot_be_reached_is_503_and_its_page_stays()
    {
        var settings = _provider.Settings();
        await _provider.DisposeAsync();
        await using var service = await StartAsync(settings);
        using var browser = new CookieBrowser(service.Root);
        using var start = await browser.GetAsync("ui/sign-in/start/0", Browser.SameOrigin);
        using var page = await browser.GetAsync("ui/sign-in", Browser.SameOrigin);

        await ShouldBePageAsync(start, HttpStatusCode.ServiceUnavailable, "issuerUnavailable", "Sign in with");
        start.Headers.RetryAfter.ShouldNotBeNull();
        page.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("/ui.evil.example")]
    [InlineData("javascript:alert(1)")]
    public async Task Return_to_another_site_leads_to_the_overview(string path)
    {
        using var browser = new CookieBrowser(_service.Root);
        using var response = await browser.SignInAsync(path);

        response.Headers.Location!.OriginalString.ShouldBe("/ui");
    }

    [Fact]
    public async Task Address_for_the_provider_is_that_of_the_proxy_and_not_below_beta()
    {
        await using var service = await StartAsync([
            .. _provider.Settings(),
            ("ForwardedHeaders:KnownProxies:0", "127.0.0.1"),
            ("ForwardedHeaders:Prefix", "true"),
        ]);
        using var browser = new CookieBrowser(service.Root);
        (string, string)[] headers =
        [
            .. Browser.SameOrigin,
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "ledger.example"),
            ("X-Forwarded-Prefix", "/runs"),
        ];
        using var alias = await browser.GetAsync("beta/ui/sign-in/start/0?return=%2Fui%2Flive", headers);
        using var start = await browser.GetAsync("ui/sign-in/start/0", headers);

        alias.Headers.Location!.OriginalString.ShouldBe("/runs/ui/sign-in/start/0?return=%2Fui%2Flive");
        QueryHelpers
            .ParseQuery(start.Headers.Location!.Query)["redirect_uri"]
            .ToString()
            .ShouldBe($"https://ledger.example/runs{Callback}");
        start
            .Headers.GetValues("Set-Cookie")
            .ShouldAllBe(c =>
                c.Contains("; secure") && c.Contains("samesite=lax") && c.Contains($"path=/runs{Callback};")
            );
    }

    [Fact]
    public async Task Start_needs_a_page_of_this_service_and_a_known_provider()
    {
        using var browser = new CookieBrowser(_service.Root);
        using var other = await browser.GetAsync("ui/sign-in/start/0", CookieBrowser.FromOtherSite);
        await ShouldBePageAsync(other, HttpStatusCode.Forbidden, "otherOrigin", "Sign in with");
        browser.Cookies.ShouldBeEmpty();
        foreach (var path in (string[])["ui/sign-in/start/1", "ui/sign-in/start/x", "ui/sign-in/callback/1"])
        {
            using var response = await browser.GetAsync(path, Browser.SameOrigin);
            await ShouldBePageAsync(response, HttpStatusCode.NotFound, "pathNotFound", "Sign in with");
        }
    }

    [Fact]
    public async Task Sign_ins_of_an_address_are_limited_before_the_provider_is_asked()
    {
        await using var service = await StartAsync([.. _provider.Settings(), ("SignIn:AttemptsPerMinute", "2")]);
        for (var i = 0; i < 2; i++)
        {
            using var browser = new CookieBrowser(service.Root);
            using var response = await browser.SignInAsync();
            response.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        }

        using var third = new CookieBrowser(service.Root);
        using var refused = await third.SignInAsync();
        await ShouldBePageAsync(refused, HttpStatusCode.TooManyRequests, "tooManySignIns", "Sign in with");
        refused.Headers.RetryAfter.ShouldNotBeNull();
        _provider.TokenRequests.ShouldBe(2);
    }

    [Fact]
    public async Task Each_provider_has_its_button_and_its_own_callback()
    {
        await using var second = await IdentityProvider.StartAsync();
        second.Claims["tid"] = Tokens.OtherTenant.ToString();
        await using var service = await StartAsync([
            .. _provider.Settings(0, Tokens.Tenant),
            .. second.Settings(1, Tokens.OtherTenant),
            ("Authentication:Authorities:1:Name", "School <2>"),
        ]);
        using var browser = new CookieBrowser(service.Root);
        using var page = await browser.GetAsync("ui/sign-in?return=%2Fui%2Flive", Browser.SameOrigin);
        var html = await TextAsync(page);
        html.ShouldContain("href=\"/ui/sign-in/start/0?return=%2Fui%2Flive\">Sign in with localhost<");
        html.ShouldContain("href=\"/ui/sign-in/start/1?return=%2Fui%2Flive\">Sign in with School &lt;2&gt;<");

        // The answer of one provider is not accepted as that of the other one.
        var callback = await browser.GoToProviderAsync(provider: 1);
        using var wrong = await browser.GetAsync(
            callback.Replace("/callback/1", "/callback/0", StringComparison.Ordinal),
            CookieBrowser.FromOtherSite
        );
        await ShouldBePageAsync(wrong, HttpStatusCode.Forbidden, "signInOutdated", "Sign in again");
        using var right = await browser.GetAsync(callback, CookieBrowser.FromOtherSite);
        right.StatusCode.ShouldBe(HttpStatusCode.Redirect, await TextAsync(right));
        browser.HasSession.ShouldBeTrue();
    }

    [Fact]
    public async Task Session_of_a_person_ends_with_those_of_the_tenant()
    {
        using var browser = new CookieBrowser(_service.Root);
        using var response = await browser.SignInAsync();
        (await StatusAsync(browser)).ShouldBe(HttpStatusCode.OK);

        await TokenRevocations.RevokeAsync(
            database.ConnectionString,
            new Domain.Runs.TenantId(Tokens.Tenant),
            DateTimeOffset.UtcNow.AddSeconds(2),
            Cancellation
        );

        await Poll.UntilAsync(
            async () => await StatusAsync(browser) == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(10),
            "The session is still accepted"
        );
    }

    [Theory]
    [InlineData(true, "Code of a sign-in link", "./run link")]
    [InlineData(false, "ClientSecret", "Access token")]
    public async Task Page_advises_links_only_where_they_are_accepted(bool hasKey, params string[] texts)
    {
        (string, string)[] settings = [.. _provider.Settings().Where(s => !s.Key.Contains("Client"))];
        await using var service = hasKey
            ? await StartAsync(settings)
            : await RunningService.StartWithoutKeyAsync(database.ConnectionString, settings);
        using var browser = new CookieBrowser(service.Root);
        using var page = await browser.GetAsync("ui/sign-in", Browser.SameOrigin);
        var html = await TextAsync(page);

        texts.ShouldAllBe(t => html.Contains(t));
        html.Contains("./run link").ShouldBe(hasKey);
        html.ShouldNotContain("/start/");
        using var refused = new Browser(service.Root);
        using var response = await refused.SignInAsync("x");
        (await TextAsync(response)).Contains("./run link").ShouldBe(hasKey);
    }

    [Theory]
    [InlineData("ClientId", "Authentication:Authorities:0:ClientId is set, and ClientSecret is not")]
    [InlineData("ClientSecret", "Authentication:Authorities:0:ClientSecret is set, and ClientId is not")]
    public async Task Half_a_client_is_refused_at_start(string setting, string reason)
    {
        var settings = _provider.Settings().Where(s => !s.Key.Contains("Client") || s.Key.EndsWith(setting));

        (await Should.ThrowAsync<StartupException>(() => StartAsync([.. settings]))).Message.ShouldContain(reason);
    }

    private Task<RunningService> StartAsync(params (string, string)[] settings) =>
        RunningService.StartAsync(
            database.ConnectionString,
            [.. settings.Append(("SignIn:AttemptsPerMinute", "1000")).DistinctBy(s => s.Item1)]
        );

    private async Task<string> ShouldBeRefusedAsync(string code, string reason)
    {
        using var browser = new CookieBrowser(_service.Root);
        using var response = await browser.SignInAsync();
        var html = await ShouldBePageAsync(response, HttpStatusCode.Forbidden, code, reason);
        browser.HasSession.ShouldBeFalse();
        return html;
    }

    private static async Task<string> ShouldBePageAsync(
        HttpResponseMessage response,
        HttpStatusCode status,
        string code,
        string text
    )
    {
        var html = await TextAsync(response);
        response.StatusCode.ShouldBe(status, html);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        html.ShouldContain($"<code>{code}</code>");
        html.ShouldContain("Request id");
        WebUtility.HtmlDecode(html).ShouldContain(text);
        return html;
    }

    private static string Code(string callback) => QueryHelpers.ParseQuery(new Uri(callback).Query)["code"].ToString();

    private static async Task<HttpStatusCode> StatusAsync(CookieBrowser browser)
    {
        using var response = await browser.GetAsync("process/runs", Browser.SameOrigin);
        return response.StatusCode;
    }

    private static Task<string> TextAsync(HttpResponseMessage response) =>
        response.Content.ReadAsStringAsync(Cancellation);
}
