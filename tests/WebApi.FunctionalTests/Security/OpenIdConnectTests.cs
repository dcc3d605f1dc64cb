using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>Tokens of an OpenID Connect provider, beside the service's own. The provider is a web server that publishes a key, as all of them do.</summary>
public sealed class OpenIdConnectTests(TestDatabase database) : IAsyncLifetime
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
        _provider.MapGet("/.well-known/openid-configuration", () => Results.Json(new { issuer = _issuer, jwks_uri = $"{_issuer}/keys" }));
        _provider.MapGet("/keys", () =>
        {
            var publicKey = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(_published.Key.ExportParameters(false)) { KeyId = _published.Id });
            return Results.Content(JsonSerializer.Serialize(new { keys = new[] { new { kty = publicKey.Kty, kid = publicKey.Kid, n = publicKey.N, e = publicKey.E, use = "sig" } } }), "application/json");
        });
        await _provider.StartAsync(Cancellation);
        _issuer = _provider.Urls.First();
        _service = await RunningService.StartAsync(
            database.ConnectionString,
            ("Authentication:Authorities:0:Authority", _issuer),
            ("Authentication:Authorities:0:Audience", "api://ledger"),
            ("Authentication:Authorities:0:AuthorizationUri", "https://login.example/authorize"),
            ("Authentication:Authorities:0:RequireHttps", "false"));
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
        (await StatusAsync(Make(_key, issuer: "industrydata", audience: "industrydata"))).ShouldBe(HttpStatusCode.Unauthorized);

        // Signed with the published key as if it were a secret one, and with our secret in the provider's name.
        (await StatusAsync(Tokens.Make(issuer: _issuer, audience: "api://ledger", key: Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo())))).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(Tokens.Make(issuer: _issuer, audience: "api://ledger"))).ShouldBe(HttpStatusCode.Unauthorized);
    }

    /// <summary>A token of a new key makes the service read the keys again. Those of the old one are remembered until then, and no longer.</summary>
    [Fact]
    public async Task A_key_that_is_withdrawn_ends_what_was_remembered()
    {
        using var next = RSA.Create(2048);
        var (old, @new) = (Make(_key), Make(next, keyId: "k2"));
        (await StatusAsync(old)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(old)).ShouldBe(HttpStatusCode.OK);

        _published = (next, "k2");
        var status = HttpStatusCode.Unauthorized;
        for (var i = 0; i < 100 && status != HttpStatusCode.OK; i++)
        {
            await Task.Delay(100, Cancellation);
            status = await StatusAsync(@new);
        }

        status.ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(old)).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(@new)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_caller_without_a_token_is_told_where_to_sign_in()
    {
        using var client = _service.Authorized(null);
        using var response = await client.GetAsync("process/runs", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer authorization_uri=\"https://login.example/authorize\"");
    }

    private static WebApplication Provider()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        return builder.Build();
    }

    private async Task<HttpStatusCode> StatusAsync(string token)
    {
        using var client = _service.Authorized(token);
        using var response = await client.GetAsync("process/runs", Cancellation);
        return response.StatusCode;
    }

    private string Make(RSA key, string? issuer = null, string audience = "api://ledger", string keyId = "k1") => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = issuer ?? _issuer,
        Audience = audience,
        Claims = new Dictionary<string, object> { ["tid"] = Tokens.Tenant.ToString(), ["scp"] = "IndustryData-Run.Read.All" },
        SigningCredentials = new SigningCredentials(new RsaSecurityKey(key) { KeyId = keyId, CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } }, SecurityAlgorithms.RsaSha256),
    });
}
