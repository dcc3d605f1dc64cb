using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.Testing;

/// <summary>
/// An OpenID Connect provider over HTTP: discovery, keys, authorization code flow with PKCE, and RSA-signed ID tokens.
/// Everybody is signed in there already. Tests change what is in the tokens and what fails.
/// </summary>
public sealed class IdentityProvider : IAsyncDisposable
{
    public const string ClientId = "industrydata-pages";

    /// <summary>The secret of the client. <c>scripts/check-logs</c> searches the logs for it.</summary>
    public const string ClientSecret = "client-secret-of-the-tests-b8f0c2a417e64f0f";

    /// <summary>The beginning of each code. <c>scripts/check-logs</c> searches the logs for it.</summary>
    public const string CodePrefix = "authorization-code-";

    private const string KeyId = "k1";

    private static readonly SigningCredentials _ofStranger = new(
        new RsaSecurityKey(RSA.Create(2048)) { KeyId = KeyId },
        SecurityAlgorithms.RsaSha256
    );

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, IQueryCollection> _codes = new();
    private int _tokenRequests;

    private IdentityProvider(WebApplication app) => _app = app;

    /// <summary>What the provider can do wrong.</summary>
    public enum Fault
    {
        None,
        NoSignature,
        ForeignKey,
        AccessTokenType,
    }

    /// <summary>The URL of the provider, which is also its issuer.</summary>
    public string Url => _app.Urls.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    /// <summary>The claims of the ID tokens. A claim with the value null is left out.</summary>
    public Dictionary<string, object?> Claims { get; } =
        new()
        {
            ["sub"] = "user-1",
            ["name"] = "Ada Example",
            ["tid"] = Tokens.Tenant.ToString(),
            ["roles"] = new[] { "IndustryData-Run.ReadWrite.All" },
        };

    /// <summary>The fault of the ID tokens.</summary>
    public Fault TokenFault { get; set; }

    /// <summary>The lifetime of the ID tokens.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The query of the error with which the provider sends people back; null if it signs them in.</summary>
    public string? Error { get; set; }

    /// <summary>The response to token requests; null for the usual one.</summary>
    public Func<Task<IResult>>? TokenResponse { get; set; }

    /// <summary>True if the provider refuses each code with an error that contains the code.</summary>
    public bool EchoesCode { get; set; }

    /// <summary>The number of token requests.</summary>
    public int TokenRequests => _tokenRequests;

    /// <summary>Starts a provider on a port that the system assigns.</summary>
    public static async Task<IdentityProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var provider = new IdentityProvider(app);
        app.MapGet("/.well-known/openid-configuration", provider.Describe);
        app.MapGet("/keys", provider.ShowKeys);
        app.MapGet("/authorize", provider.Authorize);
        app.MapPost("/token", provider.RedeemAsync);
        await app.StartAsync();
        return provider;
    }

    /// <summary>Returns the settings with which a service uses the provider.</summary>
    /// <param name="number">The number of the authority.</param>
    /// <param name="tenants">The tenants that the provider may speak for.</param>
    public (string Key, string Value)[] Settings(int number = 0, params Guid[] tenants)
    {
        var authority = $"Authentication:Authorities:{number}";
        return
        [
            ($"{authority}:Authority", Url),
            ($"{authority}:RequireHttps", "false"),
            ($"{authority}:ClientId", ClientId),
            ($"{authority}:ClientSecret", ClientSecret),
            .. tenants.Select((t, i) => ($"{authority}:Tenants:{i}", t.ToString())),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _rsa.Dispose();
    }

    private IResult Describe() =>
        Results.Json(
            new
            {
                issuer = Url,
                jwks_uri = $"{Url}/keys",
                authorization_endpoint = $"{Url}/authorize",
                token_endpoint = $"{Url}/token",
                pushed_authorization_request_endpoint = $"{Url}/pushed",
            }
        );

    private IResult ShowKeys()
    {
        var key = _rsa.ExportParameters(false);
        return Results.Json(
            new
            {
                keys = new[]
                {
                    new
                    {
                        kty = "RSA",
                        use = "sig",
                        kid = KeyId,
                        n = WebEncoders.Base64UrlEncode(key.Modulus!),
                        e = WebEncoders.Base64UrlEncode(key.Exponent!),
                    },
                },
            }
        );
    }

    private IResult Authorize(HttpRequest request)
    {
        var query = request.Query;
        if (
            query["client_id"] != ClientId
            || query["response_type"] != "code"
            || query["code_challenge_method"] != "S256"
            || !query["scope"].ToString().Split(' ').Contains("openid")
            || query["nonce"].Count != 1
        )
        {
            return Results.BadRequest("This is not an authorization code flow with PKCE.");
        }

        var state = Uri.EscapeDataString(query["state"].ToString());
        if (Error is { } error)
        {
            return Results.Redirect($"{query["redirect_uri"]}?error={error}&state={state}");
        }

        var code = $"{CodePrefix}{Guid.NewGuid():N}";
        _codes[code] = query;
        return Results.Redirect($"{query["redirect_uri"]}?code={code}&state={state}&session_state=x");
    }

    private async Task<IResult> RedeemAsync(HttpRequest request)
    {
        Interlocked.Increment(ref _tokenRequests);
        if (TokenResponse is { } respond)
        {
            return await respond();
        }

        var form = await request.ReadFormAsync();
        if (form["client_id"] != ClientId || form["client_secret"] != ClientSecret)
        {
            return Results.Json(new { error = "invalid_client" }, statusCode: StatusCodes.Status401Unauthorized);
        }

        if (EchoesCode)
        {
            return Results.Json(
                new { error = "invalid_request", error_description = $"{form["code"]} is not known" },
                statusCode: StatusCodes.Status400BadRequest
            );
        }

        var challenge = WebEncoders.Base64UrlEncode(
            SHA256.HashData(Encoding.ASCII.GetBytes($"{form["code_verifier"]}"))
        );
        if (
            !_codes.TryRemove($"{form["code"]}", out var asked)
            || asked["redirect_uri"] != form["redirect_uri"]
            || asked["code_challenge"] != challenge
        )
        {
            return Results.Json(new { error = "invalid_grant" }, statusCode: StatusCodes.Status400BadRequest);
        }

        return Results.Json(
            new
            {
                access_token = "an unused access token",
                token_type = "Bearer",
                expires_in = 300,
                id_token = IdToken(asked["nonce"].ToString()),
            }
        );
    }

    private string IdToken(string nonce)
    {
        var now = DateTime.UtcNow;
        var claims = new Dictionary<string, object>
        {
            ["iss"] = Url,
            ["aud"] = ClientId,
            ["nonce"] = nonce,
            ["iat"] = EpochTime.GetIntDate(now),
            ["exp"] = EpochTime.GetIntDate(now + Lifetime),
        };
        foreach (var (name, value) in Claims)
        {
            claims.Remove(name);
            if (value is not null)
            {
                claims[name] = value;
            }
        }

        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            new SecurityTokenDescriptor
            {
                Claims = claims,
                TokenType = TokenFault == Fault.AccessTokenType ? "at+jwt" : "JWT",
                SigningCredentials = TokenFault switch
                {
                    Fault.NoSignature => null,
                    Fault.ForeignKey => _ofStranger,
                    _ => new SigningCredentials(
                        new RsaSecurityKey(_rsa) { KeyId = KeyId },
                        SecurityAlgorithms.RsaSha256
                    ),
                },
            }
        );
    }
}
