using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using IndustryData.Infrastructure;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Security;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>Tests the sessions of browsers: how they start, what they allow, and how they end.</summary>
public sealed class SessionTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    // Long, but shorter than the key of the tests.
    private const string OtherKey = "YW5vdGhlciBrZXkgdGhhdCBubyBzZXJ2aWNlIG9mIHRoZSB0ZXN0cyB0cnVzdHMsIG9mIDY0IGJ5dGVz";

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    private RunningService _service = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _service = await StartAsync();

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Link_starts_a_session_for_the_whole_interface_and_the_pages()
    {
        using var browser = new Browser(_service.Root);
        using var signIn = await browser.SignInAsync(Browser.Code(), "/ui/runs?page=2");

        signIn.StatusCode.ShouldBe(HttpStatusCode.SeeOther, await signIn.Content.ReadAsStringAsync(Cancellation));
        signIn.Headers.Location!.OriginalString.ShouldBe("/ui/runs?page=2");
        signIn.Headers.CacheControl!.NoStore.ShouldBeTrue();
        foreach (var path in (string[])["process/runs", "process/runs/delta", "ui", "ui/settings", "beta/ui/runs"])
        {
            using var response = await browser.GetAsync(path);
            response.StatusCode.ShouldBe(HttpStatusCode.OK, path);
        }

        using var start = await browser.SendAsync(
            HttpMethod.Post,
            "process/runs",
            Browser.SameOrigin,
            Bodies.Json(Bodies.Run)
        );
        start.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Cookie_is_hidden_from_scripts_and_bound_to_the_port_without_tls()
    {
        using var browser = await Browser.SignedInAsync(_service);

        var parts = browser.SetCookie!.Split("; ");
        parts[0].ShouldStartWith($"industrydata-{_service.Root.Port}=");
        parts.Skip(1).Select(p => p.Split('=')[0]).ShouldBe(["expires", "path", "samesite", "httponly"]);
        parts.ShouldContain("path=/");
        parts.ShouldContain("samesite=lax");
        var expires = DateTimeOffset.Parse(parts[1]["expires=".Length..], CultureInfo.InvariantCulture);
        (expires - DateTimeOffset.UtcNow).TotalDays.ShouldBeInRange(6.9, 7);
        parts[0].Length.ShouldBeLessThan(1024);
    }

    [Fact]
    public async Task Cookie_behind_a_proxy_with_tls_has_the_prefix_host()
    {
        await using var service = await StartAsync(("ForwardedHeaders:KnownProxies:0", "127.0.0.1"));
        using var browser = new Browser(service.Root);
        using var response = await browser.PostAsync(
            "ui/sign-in",
            [.. Browser.SameOrigin, ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "ledger.example")],
            ("code", Browser.Code())
        );

        response.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        browser.SetCookie.ShouldNotBeNull().ShouldStartWith("__Host-industrydata=");
        browser.SetCookie.ShouldContain("; secure");
        browser.SetCookie.ShouldContain("; path=/;");
        browser.SetCookie.ShouldNotContain("domain");
    }

    [Fact]
    public async Task Second_use_of_a_link_is_refused_on_every_instance()
    {
        await using var second = await StartAsync();
        var code = Browser.Code();
        using var browser = new Browser(_service.Root);
        using var first = await browser.SignInAsync(code);
        first.StatusCode.ShouldBe(HttpStatusCode.SeeOther);

        foreach (var instance in (RunningService[])[_service, second])
        {
            await ShouldBeRefusedAsync(instance, code, "has been used already");
        }
    }

    [Fact]
    public async Task Concurrent_uses_of_a_link_start_one_session()
    {
        var code = Browser.Code();
        var statuses = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(async _ =>
                {
                    using var browser = new Browser(_service.Root);
                    using var response = await browser.SignInAsync(code);
                    return response.StatusCode;
                })
        );

        statuses.Count(s => s == HttpStatusCode.SeeOther).ShouldBe(1);
        statuses.Count(s => s == HttpStatusCode.Forbidden).ShouldBe(7);
    }

    [Fact]
    public async Task Code_that_is_expired_or_forged_is_refused()
    {
        await ShouldBeRefusedAsync(_service, Forge(minutes: -1), "has expired");
        await ShouldBeRefusedAsync(_service, Browser.Code(key: OtherKey), "not valid here");
        await ShouldBeRefusedAsync(_service, Forge(audience: "industrydata"), "not valid here");
        await ShouldBeRefusedAsync(_service, Forge(type: "JWT"), "not valid here");
        await ShouldBeRefusedAsync(_service, Forge(issuer: "elsewhere"), "not valid here");
        await ShouldBeRefusedAsync(_service, Forge(tenant: "everyone"), "not complete");
        await ShouldBeRefusedAsync(_service, Forge(id: "1"), "not complete");

        // The same code without a fault is accepted, so that each fault above is the reason.
        using var browser = new Browser(_service.Root);
        using var response = await browser.SignInAsync(Forge());
        response.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("a.b.c")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("....")]
    [InlineData("\u00e9\ud83d\ude00")]
    public async Task Text_that_is_no_code_is_refused_on_the_page(string text) =>
        await ShouldBeRefusedAsync(_service, text, "role=\"alert\"");

    [Fact]
    public async Task Form_that_is_too_large_or_malformed_is_refused()
    {
        using var browser = new Browser(_service.Root);
        using var large = await browser.SignInAsync(new string('a', 40_000));
        using var json = await browser.SendAsync(
            HttpMethod.Post,
            "ui/sign-in",
            Browser.SameOrigin,
            Bodies.Json("""{"code":"x"}""")
        );

        large.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await large.Content.ReadAsStringAsync(Cancellation)).ShouldContain("32 KiB");
        json.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Code_is_not_an_access_token()
    {
        using var client = _service.Authorized(Browser.Code());
        using var response = await client.GetAsync("process/runs", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Access_token_starts_a_session_with_its_permissions_until_it_expires()
    {
        var expires = DateTime.UtcNow.AddMinutes(30);
        var token = Tokens.Make(roles: ["IndustryData-Run.Read.All"], expires: expires);
        using var browser = new Browser(_service.Root);
        using var signIn = await browser.SignInAsync(token);
        using var read = await browser.GetAsync("process/runs");
        using var write = await browser.SendAsync(
            HttpMethod.Post,
            "process/runs",
            Browser.SameOrigin,
            Bodies.Json(Bodies.Run)
        );

        signIn.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        browser.SetCookie!.ShouldContain(expires.ToString("r", CultureInfo.InvariantCulture));
        read.StatusCode.ShouldBe(HttpStatusCode.OK);
        write.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        await ShouldBeRefusedAsync(_service, Tokens.Make(expires: DateTime.UtcNow.AddMinutes(-1)), "has expired");
        await ShouldBeRefusedAsync(_service, Tokens.Make(key: OtherKey), "not accepted");
        await ShouldBeRefusedAsync(_service, Tokens.SignedByNobody(), "not accepted");
    }

    [Fact]
    public async Task Sign_in_needs_the_own_origin_also_without_a_session()
    {
        using var browser = new Browser(_service.Root);
        foreach (
            var headers in (IEnumerable<(string, string)[]>)
                [
                    [],
                    [("Sec-Fetch-Site", "cross-site")],
                    [("Origin", "https://evil.example")],
                ]
        )
        {
            using var response = await browser.PostAsync("ui/sign-in", headers, ("code", Browser.Code()));
            response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await response.Content.ReadAsStringAsync(Cancellation)).ShouldContain("otherOrigin");
        }

        browser.Cookie.ShouldBeNull();
    }

    [Fact]
    public async Task Attempts_of_an_address_are_limited()
    {
        await using var service = await RunningService.StartAsync(database.ConnectionString);
        using var browser = new Browser(service.Root);
        for (var attempt = 0; attempt < 10; attempt++)
        {
            using var wrong = await browser.SignInAsync("wrong");
            wrong.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        }

        using var response = await browser.SignInAsync(Browser.Code());
        response.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        response.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(1, 60);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
    }

    [Theory]
    [InlineData("/ui/runs", "/ui/runs")]
    [InlineData("/ui?x=1", "/ui?x=1")]
    [InlineData("", "/ui")]
    [InlineData("https://evil.example", "/ui")]
    [InlineData("//evil.example", "/ui")]
    [InlineData("/\\evil.example", "/ui")]
    [InlineData("/ui\\..\\evil", "/ui")]
    [InlineData("/ui.evil.example", "/ui")]
    [InlineData("/uix", "/ui")]
    [InlineData("/ui/\r\nSet-Cookie: a=b", "/ui")]
    [InlineData("javascript:alert(1)", "/ui")]
    [InlineData("/ui/é", "/ui")]
    public async Task Return_leads_only_to_pages_of_this_service(string path, string expected)
    {
        using var browser = new Browser(_service.Root);
        using var response = await browser.SignInAsync(Browser.Code(), path);
        using var below = await browser.SignInAsync(Browser.Code(), path, "beta/ui/sign-in");

        response.Headers.Location!.OriginalString.ShouldBe(expected);
        below.Headers.Location!.OriginalString.ShouldBe($"/beta{expected}");
    }

    [Fact]
    public async Task Page_to_sign_in_needs_nothing_and_has_nothing_inline()
    {
        using var client = _service.Authorized(null);
        using var response = await client.GetAsync("ui/sign-in?return=%22%3E%3Cscript%3E", Cancellation);
        var html = await response.Content.ReadAsStringAsync(Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        response.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("trusted-types");
        html.ShouldContain("/sign-in.js\"");
        html.ShouldNotContain("<script>");
        html.ShouldNotContain(" style=");
    }

    [Fact]
    public async Task Sign_out_removes_the_cookie_of_this_browser_only()
    {
        using var browser = await Browser.SignedInAsync(_service);
        using var other = await Browser.SignedInAsync(_service);
        using var response = await browser.PostAsync("ui/sign-out", Browser.SameOrigin);

        response.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        response.Headers.Location!.OriginalString.ShouldBe("/ui/sign-in");
        browser.Cookie.ShouldBe($"industrydata-{_service.Root.Port}=");
        browser.SetCookie!.ShouldContain("expires=Thu, 01 Jan 1970");
        (await StatusAsync(browser)).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(other)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Sign_out_everywhere_ends_the_sessions_of_the_tenant_and_no_tokens_on_every_instance()
    {
        await using var second = await StartAsync();
        var tenant = Guid.NewGuid();
        using var first = await Browser.SignedInAsync(_service, tenant);
        using var copy = new Browser(second.Root) { Cookie = CookieFor(second, first) };
        using var stranger = await Browser.SignedInAsync(_service, Guid.NewGuid());
        (await StatusAsync(copy)).ShouldBe(HttpStatusCode.OK);
        using var reader = new Browser(_service.Root);
        using var signIn = await reader.SignInAsync(
            Tokens.Make(tid: tenant.ToString(), roles: ["IndustryData-Run.Read.All"])
        );

        // A caller that may only read does not end the sessions of others.
        using var refused = await reader.PostAsync("ui/sign-out", Browser.SameOrigin, ("everywhere", "on"));
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await StatusAsync(copy)).ShouldBe(HttpStatusCode.OK);

        // The start of a session has the precision of a second.
        await Task.Delay(TimeSpan.FromSeconds(1.1), Cancellation);
        using var response = await first.PostAsync("ui/sign-out", Browser.SameOrigin, ("everywhere", "on"));
        response.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        await ShouldEndAsync(reader);
        await ShouldEndAsync(copy);
        (await StatusAsync(stranger)).ShouldBe(HttpStatusCode.OK);
        using var client = _service.Authorized(Tokens.Make(tid: tenant.ToString()));
        using var token = await client.GetAsync("process/runs", Cancellation);
        token.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Revocation_of_tokens_ends_sessions_and_links_on_every_instance()
    {
        await using var second = await StartAsync();
        var tenant = Guid.NewGuid();
        var link = Browser.Code(tenant);
        using var first = await Browser.SignedInAsync(_service, tenant);
        using var copy = new Browser(second.Root) { Cookie = CookieFor(second, first) };
        (await StatusAsync(copy)).ShouldBe(HttpStatusCode.OK);

        await TokenRevocations.RevokeAsync(
            database.ConnectionString,
            new Domain.Runs.TenantId(tenant),
            DateTimeOffset.UtcNow.AddSeconds(2),
            Cancellation
        );
        await ShouldEndAsync(first);
        await ShouldEndAsync(copy);
        await ShouldBeRefusedAsync(_service, link, "has been revoked");
    }

    /// <summary>The session of a token is as old as the token. That of a link that was created now is not.</summary>
    [Fact]
    public async Task Revocation_of_a_pasted_token_ends_its_session_and_no_later_one()
    {
        var tenant = Guid.NewGuid();
        using var browser = new Browser(_service.Root);

        // The token was issued an hour ago.
        using var signIn = await browser.SignInAsync(
            Tokens.Make(tid: tenant.ToString(), expires: DateTime.UtcNow.AddHours(1))
        );
        signIn.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        using var later = await Browser.SignedInAsync(_service, tenant);
        (await StatusAsync(browser)).ShouldBe(HttpStatusCode.OK);

        await TokenRevocations.RevokeAsync(
            database.ConnectionString,
            new Domain.Runs.TenantId(tenant),
            DateTimeOffset.UtcNow.AddMinutes(-10),
            Cancellation
        );

        await ShouldEndAsync(browser);
        (await StatusAsync(later)).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>
    /// Each instance makes a key if it finds none. A session that only one of them could open would end for a day on
    /// the others.
    /// </summary>
    [Fact]
    public async Task First_sessions_of_instances_that_start_together_are_valid_on_each()
    {
        var connectionString = await database.CreateMigratedDatabaseAsync();
        await using var first = await StartOnAsync(connectionString);
        await using var second = await StartOnAsync(connectionString);

        var browsers = await Task.WhenAll(Browser.SignedInAsync(first), Browser.SignedInAsync(second));
        foreach (var (service, cookie) in browsers.SelectMany(b => new[] { (first, b), (second, b) }))
        {
            using var browser = new Browser(service.Root) { Cookie = CookieFor(service, cookie) };
            (await StatusAsync(browser)).ShouldBe(HttpStatusCode.OK);
        }

        (await TestDatabase.ReadAsync<long>(connectionString, "SELECT count(*) FROM session_keys")).ShouldBe(1);
        Array.ForEach(browsers, b => b.Dispose());
    }

    [Fact]
    public async Task Service_that_starts_without_its_database_uses_sessions_and_links_when_it_returns()
    {
        Assert.SkipWhen(database.IsDistributed, "A database that Citus has sessions in cannot be renamed.");
        var connectionString = await database.CreateMigratedDatabaseAsync();
        string cookie;
        await using (var before = await StartOnAsync(connectionString))
        {
            using var browser = await Browser.SignedInAsync(before);
            cookie = browser.Cookie!.Split('=', 2)[1];
        }

        var name = new NpgsqlConnectionStringBuilder(connectionString).Database;
        var superuser = database.AsSuperuser(database.ConnectionString);
        NpgsqlConnection.ClearAllPools();
        await TestDatabase.ExecuteAsync(superuser, $"ALTER DATABASE {name} RENAME TO {name}_away");
        await using var service = await StartOnAsync(connectionString);
        using var old = new Browser(service.Root) { Cookie = $"industrydata-{service.Root.Port}={cookie}" };
        using var next = new Browser(service.Root);
        var code = Browser.Code();
        (await StatusAsync(old)).ShouldBe(HttpStatusCode.ServiceUnavailable);
        using var refused = await next.SignInAsync(code);
        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        refused.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");

        await TestDatabase.ExecuteAsync(superuser, $"ALTER DATABASE {name}_away RENAME TO {name}");
        await Poll.UntilAsync(async () => await StatusAsync(old) == HttpStatusCode.OK, "Use of the session");
        using var accepted = await next.SignInAsync(code);
        accepted.StatusCode.ShouldBe(HttpStatusCode.SeeOther, await accepted.Content.ReadAsStringAsync(Cancellation));
        (await StatusAsync(next)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Session_outlasts_a_restart_and_is_shared_by_instances()
    {
        var connectionString = await database.CreateMigratedDatabaseAsync();
        string cookie;
        await using (var before = await StartOnAsync(connectionString))
        {
            using var browser = await Browser.SignedInAsync(before);
            cookie = browser.Cookie!.Split('=', 2)[1];
        }

        await using var after = await StartOnAsync(connectionString);
        await using var other = await StartOnAsync(connectionString);
        await using var stranger = await StartAsync();
        foreach (
            var (service, status) in (IEnumerable<(RunningService, HttpStatusCode)>)
                [(after, HttpStatusCode.OK), (other, HttpStatusCode.OK), (stranger, HttpStatusCode.Unauthorized)]
        )
        {
            using var browser = new Browser(service.Root) { Cookie = $"industrydata-{service.Root.Port}={cookie}" };
            (await StatusAsync(browser)).ShouldBe(status);
        }
    }

    [Fact]
    public async Task Changed_cookie_is_401_with_a_challenge()
    {
        using var browser = await Browser.SignedInAsync(_service);
        browser.Cookie = browser.Cookie![..^4] + "AAAA";
        using var response = await browser.GetAsync("process/runs");

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.ToString().ShouldStartWith("Bearer");
    }

    [Fact]
    public async Task Batch_has_the_session_of_its_request_and_its_items_choose_no_other()
    {
        using var browser = await Browser.SignedInAsync(_service);
        var body = $$"""
            { "requests": [
                { "id": "1", "method": "GET", "url": "/process/runs?$top=1" },
                { "id": "2", "method": "POST", "url": "/process/runs", "body": {{Bodies.Run}},
                  "headers": { "Content-Type": "application/json", "Sec-Fetch-Site": "cross-site" } } ] }
            """;
        using var response = await browser.SendAsync(HttpMethod.Post, "$batch", Browser.SameOrigin, Bodies.Json(body));
        (await StatusesAsync(response)).ShouldBe([200, 201]);

        // A batch with a token does not use a cookie of an item.
        using var client = _service.Authorized(Tokens.Make(roles: ["Other"]));
        var foreign = $$"""
            { "requests": [ { "id": "1", "method": "GET", "url": "/process/runs",
                "headers": { "Cookie": "{{browser.Cookie}}", "Sec-Fetch-Site": "same-origin" } } ] }
            """;
        using var other = await client.PostAsync("$batch", Bodies.Json(foreign), Cancellation);
        (await StatusesAsync(other)).ShouldBe([403]);
    }

    private Task<RunningService> StartAsync(params (string, string)[] settings) =>
        StartOnAsync(database.ConnectionString, settings);

    private static Task<RunningService> StartOnAsync(string connectionString, params (string, string)[] settings) =>
        RunningService.StartAsync(connectionString, [("SignIn:AttemptsPerMinute", "1000"), .. settings]);

    private static async Task<int[]> StatusesAsync(HttpResponseMessage batch)
    {
        var answer = JsonNode.Parse(await batch.Content.ReadAsStringAsync(Cancellation))!;
        return [.. answer["responses"]!.AsArray().OrderBy(r => (string)r!["id"]!).Select(r => (int)r!["status"]!)];
    }

    private static string CookieFor(RunningService service, Browser browser) =>
        $"industrydata-{service.Root.Port}={browser.Cookie!.Split('=', 2)[1]}";

    private static async Task ShouldEndAsync(Browser browser) =>
        await Poll.UntilAsync(
            async () => await StatusAsync(browser) == HttpStatusCode.Unauthorized,
            _limit,
            "The session is still accepted"
        );

    private static async Task<HttpStatusCode> StatusAsync(Browser browser)
    {
        using var response = await browser.GetAsync("process/runs");
        return response.StatusCode;
    }

    private static async Task ShouldBeRefusedAsync(RunningService service, string code, string reason)
    {
        using var browser = new Browser(service.Root);
        using var response = await browser.SignInAsync(code);

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden, await response.Content.ReadAsStringAsync(Cancellation));
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldContain(reason);
        browser.Cookie.ShouldBeNull();
    }

    private static string Forge(
        double minutes = 5,
        string audience = SignInLinks.Audience,
        string type = "sign-in+jwt",
        string issuer = "industrydata",
        string tenant = "11111111-1111-4111-8111-111111111111",
        string? id = null
    ) =>
        new JsonWebTokenHandler().CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = issuer,
                Audience = audience,
                TokenType = type,
                IssuedAt = DateTime.UtcNow.AddMinutes(-10),
                NotBefore = DateTime.UtcNow.AddMinutes(-10),
                Expires = DateTime.UtcNow.AddMinutes(minutes),
                Claims = new Dictionary<string, object>
                {
                    ["jti"] = id ?? Guid.NewGuid().ToString(),
                    ["tid"] = tenant,
                    ["roles"] = Permissions.Names,
                },
                SigningCredentials = new SigningCredentials(
                    new SymmetricSecurityKey(Convert.FromBase64String(Tokens.Key)),
                    SecurityAlgorithms.HmacSha256
                ),
            }
        );
}
