using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>Creates access tokens that an own key signs.</summary>
internal sealed class OwnTokens(IReadOnlyList<SecurityKey> keys, string audience)
{
    /// <summary>The maximum time for which a token is valid, in days.</summary>
    public const int MaxDays = 366;

    /// <summary>False if the service has no key of its own. It then cannot create tokens.</summary>
    public bool HasKey => keys.Count > 0;

    /// <summary>Creates a token.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="permissions">The names of the permissions.</param>
    /// <param name="days">The number of days for which the token is valid, 1 to <see cref="MaxDays"/>.</param>
    /// <param name="clock">The clock.</param>
    /// <exception cref="InvalidOperationException">The service has no key of its own.</exception>
    public OwnToken Create(Guid tenant, IReadOnlyList<string> permissions, int days, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var (id, expires) = (Guid.NewGuid(), now.AddDays(days));
        var text = new JsonWebTokenHandler().CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = SigningKeys.Issuer,
                Audience = audience,
                IssuedAt = now.UtcDateTime,
                NotBefore = now.UtcDateTime,
                Expires = expires.UtcDateTime,
                Claims = new Dictionary<string, object>
                {
                    ["jti"] = id.ToString(),
                    ["tid"] = tenant.ToString(),
                    ["roles"] = permissions,
                },
                SigningCredentials = new SigningCredentials(
                    HasKey ? keys[0] : throw new InvalidOperationException("There is no key."),
                    SecurityAlgorithms.HmacSha256
                ),
            }
        );
        return new OwnToken(id, text, expires);
    }
}

/// <summary>A created token.</summary>
/// <param name="Id">Its id (<c>jti</c>).</param>
/// <param name="Text">The token.</param>
/// <param name="Expires">The time at which it expires.</param>
internal sealed record OwnToken(Guid Id, string Text, DateTimeOffset Expires);
