using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// Reads secrets from files. The setting <c>NAME:File</c> is the path of a file with the value of the secret
/// <c>NAME</c>, as Docker and Kubernetes provide them.
/// </summary>
internal static class SecretFiles
{
    private const string Suffix = ":File";
    private const int MaxBytes = 64 * 1024;

    private const UnixFileMode OpenToOthers =
        UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private static readonly string[] _secrets = ["ConnectionStrings:IndustryData", "AutoMapper:LicenseKey"];

    /// <summary>Sets each secret that has a file.</summary>
    /// <exception cref="StartupException">
    /// A file cannot be read, other accounts can read or change it, or the secret is also set directly.
    /// </exception>
    public static void Load(IConfiguration configuration)
    {
        var keys = configuration.GetSection("Authentication:SigningKeys").GetChildren().Select(key => key.Path);
        var clients = configuration
            .GetSection("Authentication:Authorities")
            .GetChildren()
            .Select(authority => $"{authority.Path}:{nameof(AuthorityOptions.ClientSecret)}");
        foreach (var secret in _secrets.Concat(keys).Concat(clients).ToList())
        {
            if (configuration[secret + Suffix] is { Length: > 0 } path)
            {
                configuration[secret] = string.IsNullOrEmpty(configuration[secret])
                    ? Read(secret, path)
                    : throw new StartupException($"{secret} and {secret}{Suffix} are both set; set only one of them.");
            }
        }
    }

    /// <summary>Checks a setting.</summary>
    /// <returns>Returns true if the setting is the path of a file with a secret.</returns>
    public static bool IsPath(IConfigurationSection setting) =>
        setting.Key.Equals(Suffix[1..], StringComparison.OrdinalIgnoreCase)
        && (
            setting.Path.StartsWith("Authentication:SigningKeys:", StringComparison.OrdinalIgnoreCase)
            || setting.Path.EndsWith(
                $":{nameof(AuthorityOptions.ClientSecret)}{Suffix}",
                StringComparison.OrdinalIgnoreCase
            )
        );

    private static string Read(string secret, string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & OpenToOthers) != 0)
            {
                throw new StartupException(
                    $"{secret}{Suffix}: other accounts can read or change {path}; chmod 600 {path} "
                        + "(Docker Swarm and Kubernetes: mode 0400), and replace the secret if it may be known."
                );
            }

            if (file.Length > MaxBytes)
            {
                throw new StartupException(
                    $"{secret}{Suffix}: {path} is larger than {MaxBytes >> 10} KiB; "
                        + "the file must contain only the secret."
                );
            }

            using var reader = new StreamReader(file);
            return reader.ReadToEnd().Trim() is { Length: > 0 } text
                ? text
                : throw new StartupException($"{secret}{Suffix}: {path} is empty; write the secret into it.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{secret}{Suffix}: {path} cannot be read ({exception.Message}).");
        }
    }
}
