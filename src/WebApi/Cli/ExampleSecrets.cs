using IndustryData.WebApi.Security;
using Npgsql;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// Refuses the secrets of <c>.env.example</c>, which are public. With the example key, anyone can sign tokens for every
/// tenant.
/// </summary>
internal static class ExampleSecrets
{
    /// <summary>The setting that accepts the example secrets, for a trial on the user's own machine.</summary>
    public const string Switch = "AllowExampleSecrets";

    /// <summary>The database password in <c>.env.example</c>.</summary>
    public const string Password = "example-password-change-me";

    private const string Remedy =
        $"run scripts/make-env for new secrets, or accept the example with {Switch}=true for a trial";

    /// <summary>Checks the secrets of the configuration.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="connectionString">The connection string of the database; empty for the embedded database.</param>
    /// <param name="tokens">The settings for accepted tokens.</param>
    /// <exception cref="StartupException">A secret is public, and the switch is not set.</exception>
    public static void Check(IConfiguration configuration, string connectionString, TokenOptions tokens)
    {
        if (IsAllowed(configuration[Switch]))
        {
            return;
        }

        if (HasKey(tokens))
        {
            throw new StartupException($"Authentication:SigningKeys contains the public example key; {Remedy}.");
        }

        if (connectionString.Length > 0 && PasswordOf(connectionString) == Password)
        {
            throw new StartupException(
                $"ConnectionStrings:IndustryData (or PGPASSWORD) has the public example password; {Remedy}."
            );
        }
    }

    /// <summary>Checks the keys.</summary>
    /// <returns>Returns true if the example key is among them.</returns>
    public static bool HasKey(TokenOptions tokens) => tokens.SigningKeys.Contains(SigningKeys.Example);

    private static bool IsAllowed(string? setting) =>
        setting is { Length: > 0 }
        && (
            bool.TryParse(setting, out var isAllowed)
                ? isAllowed
                : throw new StartupException($"{Switch} is '{setting}', but must be true or false.")
        );

    private static string? PasswordOf(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString).Password
        ?? Environment.GetEnvironmentVariable("PGPASSWORD");
}
