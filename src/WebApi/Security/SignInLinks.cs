using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>
/// The links that sign a browser in once, without an identity provider. The code of a link is a token that an own key
/// signs, with an audience and a type of its own, so that it is not an access token. It is in the fragment of the URL,
/// which browsers do not send to servers.
/// </summary>
internal sealed class SignInLinks(IReadOnlyList<SecurityKey> keys)
{
    /// <summary>The audience of codes.</summary>
    public const string Audience = "ui-sign-in";

    /// <summary>The time for which a code is valid.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private const string Type = "sign-in+jwt";

    private static readonly JsonWebTokenHandler _tokens = new() { MapInboundClaims = false };

    /// <summary>True if the service has a key of its own, so that it accepts links.</summary>
    public bool AreAccepted => keys.Count > 0;

    /// <summary>Creates a link.</summary>
    /// <param name="service">The URL of the service, as the browser reaches it.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="clock">The clock.</param>
    /// <exception cref="InvalidOperationException">The service has no key of its own.</exception>
    public string Create(Uri service, Guid tenant, TimeProvider clock)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var code = _tokens.CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = SigningKeys.Issuer,
                Audience = Audience,
                TokenType = Type,
                IssuedAt = now,
                NotBefore = now,
                Expires = now + Lifetime,
                Claims = new Dictionary<string, object>
                {
                    ["jti"] = Guid.NewGuid().ToString(),
                    ["tid"] = tenant.ToString(),
                    ["name"] = "Sign-in link",
                    ["roles"] = Permissions.Names,
                },
                SigningCredentials = new SigningCredentials(
                    keys.Count > 0 ? keys[0] : throw new InvalidOperationException("There is no key."),
                    SecurityAlgorithms.HmacSha256
                ),
            }
        );
        return $"{service.AbsoluteUri.TrimEnd('/')}/ui/sign-in#c={code}";
    }

    /// <summary>Determines whether a token claims to be a code. Its signature is not checked.</summary>
    public static bool IsCode(JsonWebToken token) => token.Typ == Type || token.Audiences.Contains(Audience);

    /// <summary>Validates a code. It does not check whether the code has been used.</summary>
    /// <returns>The result, with the reason if the code is not valid.</returns>
    public Task<TokenValidationResult> ValidateAsync(JsonWebToken code) =>
        _tokens.ValidateTokenAsync(
            code,
            new TokenValidationParameters
            {
                ValidIssuer = SigningKeys.Issuer,
                ValidAudience = Audience,
                ValidTypes = [Type],
                ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
                IssuerSigningKeys = keys,
                ClockSkew = TimeSpan.Zero,
            }
        );
}
