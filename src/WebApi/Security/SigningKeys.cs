using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>
/// The service's own keys: from configuration, or one made at first start that lies beside the embedded database.
/// </summary>
internal static class SigningKeys
{
    /// <summary>The issuer of tokens that are signed by these keys.</summary>
    public const string Issuer = "industrydata";

    /// <summary>The key of <c>.env.example</c>, which everybody knows.</summary>
    public const string Example = "ZXhhbXBsZSBrZXksIHJlcGxhY2UgaXQgYmVmb3JlIHVzZSE=";

    private const int MinBytes = 32;

    /// <summary>Decodes the keys of the configuration.</summary>
    /// <exception cref="StartupException">One is not base64, or too short.</exception>
    public static IReadOnlyList<SymmetricSecurityKey> Read(TokenOptions options) =>
        [.. options.SigningKeys.Select(Decode)];

    /// <summary>The development key, made when there is none yet.</summary>
    /// <param name="folder">The data folder.</param>
    /// <exception cref="StartupException">The folder cannot be written.</exception>
    public static string Development(string folder)
    {
        var path = Path.Combine(folder, "signing-key");
        try
        {
            if (!File.Exists(path))
            {
                // Written to a new file and linked into place, so that two first starts at once agree on one key. No
                // one can have planted the new file or a link of that name.
                var draft = $"{path}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
                var mode = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                {
                    mode.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                }

                using (var file = new FileStream(draft, mode))
                {
                    file.Write(
                        Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(MinBytes)))
                    );
                    file.Flush(flushToDisk: true);
                }

                try
                {
                    File.Move(draft, path, overwrite: false);
                }
                catch (IOException) when (File.Exists(path))
                {
                    File.Delete(draft);
                }
            }

            var key = ReadOwn(path).Trim();
            return IsKey(key)
                ? key
                : throw new StartupException(
                    $"The development key {path} is damaged: restore it from a backup, or delete it (all tokens that it signed end with it)."
                );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The development key {path} can be neither read nor made ({exception.Message}); run as the account that owns the folder, or set DataDirectory."
            );
        }
    }

    /// <summary>Reads a file that this account alone can read or change, as ssh asks of private keys.</summary>
    private static string ReadOwn(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (!OperatingSystem.IsWindows())
        {
            var mode = File.GetUnixFileMode(file.SafeFileHandle);
            if ((mode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)) != 0)
            {
                throw new StartupException(
                    $"Other accounts can read or change the development key {path} (mode {Convert.ToString((int)mode, 8)}): chmod 600 {path}, or delete it if it may be known (all tokens that it signed end with it)."
                );
            }

            if (!FileOwner.IsThisAccount(file.SafeFileHandle, mode))
            {
                throw new StartupException(
                    $"The development key {path} belongs to another account, which may know it: chown it to the account of the service, or delete it (all tokens that it signed end with it)."
                );
            }
        }

        using var reader = new StreamReader(file, Encoding.ASCII);
        return reader.ReadToEnd();
    }

    private static bool IsKey(string text) =>
        Convert.TryFromBase64String(text, new byte[text.Length], out var length) && length >= MinBytes;

    private static SymmetricSecurityKey Decode(string text) =>
        IsKey(text)
            ? new SymmetricSecurityKey(Convert.FromBase64String(text))
            : throw new StartupException(
                $"Authentication:SigningKeys must be base64 of at least {MinBytes} bytes each; make one with: openssl rand -base64 {MinBytes}"
            );
}
