using System.Globalization;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// The command <c>token [--tenant GUID] [--permission NAME]… [--days N]</c>: prints a token that this service accepts,
/// and nothing else.
/// </summary>
internal static class TokenCommand
{
    private const string Usage =
        "usage: token [--tenant GUID] [--permission NAME]… [--days N], "
        + $"or token {RevokeTokensCommand.Option} NOW|TIME --tenant GUID";
    private const int DefaultDays = 1;

    /// <summary>The tenant of a token if the arguments do not name one.</summary>
    public static readonly Guid DevelopmentTenant = new("00000000-0000-4000-8000-000000000001");

    public static string CreateToken(IReadOnlyList<string> arguments, TokenOptions options, TimeProvider clock)
    {
        var tokens = new OwnTokens(SigningKeys.Read(options), options.Audience);
        if (!tokens.HasKey)
        {
            throw new StartupException(
                "This service has no key of its own to sign tokens with (Authentication:SigningKeys); "
                    + "get a token from the configured OpenID Connect provider."
            );
        }

        var tenant = DevelopmentTenant;
        var days = DefaultDays;
        var permissions = new List<string>();
        foreach (var (name, value) in OptionPairs.Read(arguments, Usage))
        {
            switch (name)
            {
                case "--tenant":
                    tenant = ReadTenant(value, Usage);
                    break;
                case "--permission":
                    permissions.Add(
                        Permissions.Names.Contains(value)
                            ? value
                            : throw new StartupException(
                                $"--permission must be one of {string.Join(", ", Permissions.Names)}; {Usage}"
                            )
                    );
                    break;
                case "--days":
                    days =
                        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                        && number is > 0 and <= OwnTokens.MaxDays
                            ? number
                            : throw new StartupException($"--days must be 1 to {OwnTokens.MaxDays}; {Usage}");
                    break;
                default:
                    throw new StartupException(Usage);
            }
        }

        return tokens.Create(tenant, permissions.Count > 0 ? permissions : Permissions.Names, days, clock).Text;
    }

    /// <summary>Reads the value of <c>--tenant</c>.</summary>
    /// <exception cref="StartupException">It is not a GUID.</exception>
    public static Guid ReadTenant(string value, string usage) =>
        Guid.TryParseExact(value, "D", out var id)
            ? id
            : throw new StartupException($"--tenant must be a GUID; {usage}");
}
