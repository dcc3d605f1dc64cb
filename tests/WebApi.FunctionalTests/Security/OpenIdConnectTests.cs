using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>
/// Tests tokens of an OpenID Connect provider in addition to the tokens of the service. The provider is a web server
/// that publishes a key, as every provider does.
/// </summary>
public sealed class OpenIdConnectTests(TestDatabase database) : IAsyncLifetime, IClassFixture<TestDatabase>
{
    private readonly RSA _key = RSA.Create(2048);
    private (RSA Key, string Id) _published;
    private readonly WebApplication _provider = Provider();
    private RunningService _service = null!;
    private string _issuer = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _published = (_key, "k1");
        _provider.Urls.Add("http://127.0.0.1:0");
        _provider.MapGet(
            "/.well-known/openid-configuration",
            () => Results.Json(new { issuer = _issuer, jwks_uri = $"{_issuer}/keys" })
        );
        _provider.MapGet("/keys", () => KeysOf(_published.Key, _published.Id));
        await _provider.StartAsync(Cancellation);
        _issuer = _provider.Urls.First();
        _service = await RunningService.StartAsync(
            database.ConnectionString,
            ("Authentication:Authorities:0:Authority", _issuer),
            ("Authentication:Authorities:0:Audience", "api://ledger"),
            ("Authentication:Authorities:0:AuthorizationUri", "https://login.example/authorize"),
            ("Authentication:Authorities:0:RequireHttps", "false")
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        await _provider.DisposeAsync();
        _key.Dispose();
    }

    [Fact]
    public async Task Its_tokens_are_taken_and_so_are_the_services_own()
    {
        (await StatusAsync(Make(_key))).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(Tokens.Make())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Nobody_else_signs_in_its_name()
    {
        using var stranger = RSA.Create(2048);
        (await StatusAsync(Make(stranger))).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(Make(_key, audience: "industrydata"))).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(Make(_key, issuer: "https://elsewhere.example"))).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(Make(_key, issuer: "industrydata", audience: "industrydata"))).ShouldBe(
            HttpStatusCode.Unauthorized
        );

        // The first token is signed with the published key as if it were a secret. The second token is signed with the
        // secret of the service and names the provider as its issuer.
        (
            await StatusAsync(
                Tokens.Make(
                    issuer: _issuer,
                    audience: "api://ledger",
                    key: Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo())
                )
            )
        ).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(Tokens.Make(issuer: _issuer, audience: "api://ledger"))).ShouldBe(
            HttpStatusCode.Unauthorized
        );
    }

    /// <summary>
    /// A token that is signed with a new key makes the service read the keys again. Tokens that are signed with the old
    /// key are cached until then, and no longer.
    /// </summary>
    [Fact]
    public async Task A_key_that_is_withdrawn_ends_what_was_remembered()
    {
        using var next = RSA.Create(2048);
        var (old, @new) = (Make(_key), Make(next, keyId: "k2"));
        (await StatusAsync(old)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(old)).ShouldBe(HttpStatusCode.OK);

        _published = (next, "k2");
        await Poll.UntilAsync(async () => await StatusAsync(@new) == HttpStatusCode.OK, "Use of the new key");
        (await StatusAsync(old)).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(@new)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_caller_without_a_token_is_told_where_to_sign_in()
    {
        using var client = _service.Authorized(null);
        using var response = await client.GetAsync("process/runs", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response
            .Headers.WwwAuthenticate.ToString()
            .ShouldBe("Bearer authorization_uri=\"https://login.example/authorize\"");
    }

    [Fact]
    public async Task Authority_that_may_not_speak_for_the_tenant_returns_401()
    {
        await using var other = await ProviderOf("https://other.example", _key, "k1");
        var otherUrl = other.Urls.First();
        await using var service = await RunningService.StartAsync(
            database.ConnectionString,
            ("Authentication:Authorities:0:Authority", _issuer),
            ("Authentication:Authorities:0:RequireHttps", "false"),
            ("Authentication:Authorities:0:Tenants:0", Tokens.Tenant.ToString()),
            ("Authentication:Authorities:1:Authority", otherUrl),
            ("Authentication:Authorities:1:Issuer", "https://other.example"),
            ("Authentication:Authorities:1:RequireHttps", "false"),
            ("Authentication:Authorities:1:Tenants:0", Tokens.OtherTenant.ToString())
        );

        (await StatusAsync(Make(_key, audience: "industrydata"), service)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(Make(_key, audience: "industrydata", tid: Tokens.OtherTenant), service)).ShouldBe(
            HttpStatusCode.Unauthorized
        );
        (
            await StatusAsync(Make(_key, "https://other.example", "industrydata", tid: Tokens.OtherTenant), service)
        ).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(Make(_key, "https://other.example", "industrydata"), service)).ShouldBe(
            HttpStatusCode.Unauthorized
        );
    }

    [Theory]
    [InlineData("names no Tenants", "11111111-1111-4111-8111-111111111111", null)]
    [InlineData("holds '*'", "11111111-1111-4111-8111-111111111111", "*")]
    [InlineData("holds 'school'", "11111111-1111-4111-8111-111111111111", "school")]
    public async Task Several_authorities_without_their_tenants_are_refused_at_start(
        string reason,
        string first,
        string? second
    )
    {
        List<(string, string)> settings =
        [
            ("Authentication:Authorities:0:Authority", "https://one.example"),
            ("Authentication:Authorities:0:Tenants:0", first),
            ("Authentication:Authorities:1:Authority", "https://two.example"),
        ];
        if (second is not null)
        {
            settings.Add(("Authentication:Authorities:1:Tenants:0", second));
        }

        (
            await Should.ThrowAsync<StartupException>(() =>
                RunningService.StartAsync(database.ConnectionString, [.. settings])
            )
        ).Message.ShouldContain(reason);
    }

    [Fact]
    public async Task Sole_authority_may_speak_for_every_tenant()
    {
        await using var service = await RunningService.StartAsync(
            database.ConnectionString,
            ("Authentication:Authorities:0:Authority", _issuer),
            ("Authentication:Authorities:0:RequireHttps", "false"),
            ("Authentication:Authorities:0:Tenants:0", "*")
        );

        (await StatusAsync(Make(_key, audience: "industrydata", tid: Tokens.OtherTenant), service)).ShouldBe(
            HttpStatusCode.OK
        );
    }

    [Theory]
    [InlineData("JWT", null, HttpStatusCode.OK)]
    [InlineData("at+jwt", null, HttpStatusCode.OK)]
    [InlineData("AT+JWT", null, HttpStatusCode.OK)]
    [InlineData("jwt", null, HttpStatusCode.OK)]
    [InlineData("logout+jwt", null, HttpStatusCode.Unauthorized)]
    [InlineData("JWT", "n-0S6_WzA2Mj", HttpStatusCode.Unauthorized)]
    public async Task Only_access_tokens_are_accepted(string type, string? nonce, HttpStatusCode status) =>
        (await StatusAsync(Make(_key, type: type, nonce: nonce))).ShouldBe(status);

    /// <summary>
    /// The authority accepts connections and sends nothing. All waiting requests share one fetch, and the next requests
    /// are refused at once.
    /// </summary>
    [Fact]
    public async Task Authority_that_does_not_answer_returns_503_to_all_and_leaves_own_tokens_alone()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var connections = 0;
        var accepting = Task.Run(
            async () =>
            {
                var accepted = new List<TcpClient>();
                while (true)
                {
                    accepted.Add(await silent.AcceptTcpClientAsync(Cancellation));
                    Interlocked.Increment(ref connections);
                }
            },
            Cancellation
        );
        var url = $"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}";
        await using var service = await RunningService.StartAsync(
            database.ConnectionString,
            ("Authentication:Authorities:0:Authority", url),
            ("Authentication:Authorities:0:RequireHttps", "false")
        );
        using var client = service.Authorized(Make(_key, url, "industrydata"));
        client.Timeout = TimeSpan.FromSeconds(30);

        var waiting = Enumerable.Range(0, 20).Select(_ => client.GetAsync("process/runs", Cancellation)).ToList();
        (await StatusAsync(Tokens.Make(), service)).ShouldBe(HttpStatusCode.OK);
        var answers = await Task.WhenAll(waiting);
        using var next = await client.GetAsync("process/runs", Cancellation);
        using var anonymous = await client.GetAsync("health/live", Cancellation);

        foreach (var answer in (HttpResponseMessage[])[.. answers, next])
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
            (await answer.JsonAsync()).Cause().ShouldBe("issuerUnavailable");
        }

        anonymous.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await StatusAsync("no.token", service)).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(Tokens.Make(), service)).ShouldBe(HttpStatusCode.OK);
        connections.ShouldBe(1);
        silent.Stop();
        await accepting.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task Authority_that_comes_back_is_used()
    {
        await using var provider = Provider();
        var answers = false;
        provider.Urls.Add("http://127.0.0.1:0");
        provider.MapGet(
            "/.well-known/openid-configuration",
            () =>
                answers
                    ? Results.Json(new { issuer = provider.Urls.First(), jwks_uri = $"{_issuer}/keys" })
                    : Results.StatusCode(500)
        );
        await provider.StartAsync(Cancellation);
        await using var service = await RunningService.StartAsync(
            database.ConnectionString,
            ("Authentication:Authorities:0:Authority", provider.Urls.First()),
            ("Authentication:Authorities:0:RequireHttps", "false")
        );
        var token = Make(_key, provider.Urls.First(), "industrydata");
        (await StatusAsync(token, service)).ShouldBe(HttpStatusCode.ServiceUnavailable);

        answers = true;
        await Poll.UntilAsync(
            async () => await StatusAsync(token, service) == HttpStatusCode.OK,
            "Use of the authority that came back"
        );
    }

    private static async Task<WebApplication> ProviderOf(string issuer, RSA key, string keyId)
    {
        var provider = Provider();
        provider.Urls.Add("http://127.0.0.1:0");
        provider.MapGet(
            "/.well-known/openid-configuration",
            () => Results.Json(new { issuer, jwks_uri = $"{provider.Urls.First()}/keys" })
        );
        provider.MapGet("/keys", () => KeysOf(key, keyId));
        await provider.StartAsync(Cancellation);
        return provider;
    }

    private static IResult KeysOf(RSA key, string keyId)
    {
        var publicKey = JsonWebKeyConverter.ConvertFromRSASecurityKey(
            new RsaSecurityKey(key.ExportParameters(false)) { KeyId = keyId }
        );
        return Results.Content(
            JsonSerializer.Serialize(
                new
                {
                    keys = new[]
                    {
                        new
                        {
                            kty = publicKey.Kty,
                            kid = publicKey.Kid,
                            n = publicKey.N,
                            e = publicKey.E,
                            use = "sig",
                        },
                    },
                }
            ),
            "application/json"
        );
    }

    private static WebApplication Provider()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        return builder.Build();
    }

    [Fact]
    public async Task Revocation_of_a_tenants_own_tokens_does_not_affect_the_tokens_of_the_provider()
    {
        var tenant = Guid.NewGuid();
        await TokenRevocations.RevokeAsync(
            database.ConnectionString,
            new TenantId(tenant),
            DateTimeOffset.UtcNow,
            Cancellation
        );
        await Poll.UntilAsync(
            async () => await StatusAsync(Tokens.Make(tid: tenant.ToString())) == HttpStatusCode.Unauthorized,
            "The revocation"
        );

        (await StatusAsync(Make(_key, tid: tenant))).ShouldBe(HttpStatusCode.OK);
    }

    private async Task<HttpStatusCode> StatusAsync(string token, RunningService? service = null)
    {
        using var client = (service ?? _service).Authorized(token);
        using var response = await client.GetAsync("process/runs", Cancellation);
        return response.StatusCode;
    }

    private string Make(
        RSA key,
        string? issuer = null,
        string audience = "api://ledger",
        string keyId = "k1",
        Guid? tid = null,
        string type = "JWT",
        string? nonce = null
    )
    {
        var claims = new Dictionary<string, object>
        {
            ["tid"] = (tid ?? Tokens.Tenant).ToString(),
            ["scp"] = "IndustryData-Run.Read.All",
        };
        if (nonce is not null)
        {
            claims["nonce"] = nonce;
        }

        return new JsonWebTokenHandler().CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = issuer ?? _issuer,
                Audience = audience,
                TokenType = type,
                Claims = claims,
                SigningCredentials = new SigningCredentials(
                    new RsaSecurityKey(key)
                    {
                        KeyId = keyId,
                        CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
                    },
                    SecurityAlgorithms.RsaSha256
                ),
            }
        );
    }
}
