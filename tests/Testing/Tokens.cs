using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.Testing;

/// <summary>Creates valid and invalid tokens.</summary>
public static class Tokens
{
    public const string Key =
        "dGhlIGtleSBvZiB0aGUgZnVuY3Rpb25hbCB0ZXN0cywgbG9uZyBlbm91Z2ggZm9yIGV2ZXJ5IGFsZ29yaXRobSBvZiBITUFDIHRoZXJlIGlz";
    public static readonly Guid Tenant = new("11111111-1111-4111-8111-111111111111");
    public static readonly Guid OtherTenant = new("22222222-2222-4222-8222-222222222222");

    /// <summary>Creates a token that the service accepts, unless an argument makes it invalid.</summary>
    public static string Make(
        string[]? roles = null,
        string? scp = null,
        string? tid = "11111111-1111-4111-8111-111111111111",
        string audience = "industrydata",
        string issuer = "industrydata",
        string key = Key,
        string algorithm = SecurityAlgorithms.HmacSha256,
        DateTime? expires = null,
        params ReadOnlySpan<(string Type, string Value)> others
    )
    {
        var claims = new Dictionary<string, object>();
        foreach (var (type, value) in others)
        {
            claims[type] = value;
        }

        if (tid is not null)
        {
            claims["tid"] = tid;
        }

        if (scp is not null)
        {
            claims["scp"] = scp;
        }

        if (roles is not null || scp is null)
        {
            claims["roles"] = roles ?? ["IndustryData-Run.ReadWrite.All"];
        }

        var end = expires ?? DateTime.UtcNow.AddHours(1);
        return new JsonWebTokenHandler().CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = issuer,
                Audience = audience,
                NotBefore = end.AddHours(-2),
                IssuedAt = end.AddHours(-2),
                Expires = end,
                Claims = claims,
                SigningCredentials = new SigningCredentials(
                    new SymmetricSecurityKey(Convert.FromBase64String(key)),
                    algorithm
                ),
            }
        );
    }

    /// <summary>Creates an unsigned token with the same claims.</summary>
    public static string SignedByNobody()
    {
        var parts = Make().Split('.');
        return $"{Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes("""{"alg":"none","typ":"JWT"}"""))}.{parts[1]}.";
    }
}
