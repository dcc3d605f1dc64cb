using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>
/// The service's own keys: the keys of the configuration, or one key that is created at the first start and stored
/// beside the embedded database.
/// </summary>
internal static class SigningKeys
{
    /// <summary>The issuer of the tokens that these keys sign.</summary>
    public const string Issuer = "industrydata";

    /// <summary>The key in <c>.env.example</c>, which is public.</summary>
    public const string Example = "ZXhhbXBsZSBrZXksIHJlcGxhY2UgaXQgYmVmb3JlIHVzZSE=";

    private const int MinBytes = 32;

    /// <summary>Decodes the keys of the configuration.</summary>
    /// <exception cref="StartupException">A key is not base64, or it is too short.</exception>
    public static IReadOnlyList<SymmetricSecurityKey> Read(TokenOptions options) =>
        [.. options.SigningKeys.Select(Decode)];

    /// <summary>Returns the development key. Creates it if it does not exist.</summary>
    /// <param name="directory">The data directory.</param>
    /// <exception cref="StartupException">
    /// The key cannot be created or read, it is damaged, or it may be known to other accounts.
    /// </exception>
    public static string Development(string directory)
    {
        var path = Path.Combine(directory, "signing-key");
        try
        {
            if (!File.Exists(path))
            {
                // The key is written to a new file and linked into place, so that two concurrent first starts use the
                // same key. The name of the new file is random. No other account can have created that file or a link
                // with its name.
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

                Publish(draft, path);
            }

            var key = ReadOwn(path).Trim();
            return IsKey(key)
                ? key
                : throw new StartupException(
                    $"The development key {path} is damaged: restore it from a backup, "
                        + "or delete it (the tokens that it signed become invalid)."
                );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The development key {path} cannot be read or created ({exception.Message}); "
                    + "run the service as the account that owns the directory, or set DataDirectory."
            );
        }
    }

    /// <summary>
    /// Gives a new file its final name. If another process has done so already, its file stays, and the new one is
    /// deleted.
    /// </summary>
    private static void Publish(string draft, string path)
    {
        // On Unix, File.Move checks for the target and then renames. The last of several concurrent first starts would
        // replace the key that the others use. A hard link cannot replace a file.
        if (!OperatingSystem.IsWindows() && link(draft, path) == 0)
        {
            File.Delete(draft);
            return;
        }

        try
        {
            // Windows, a file that exists, or a file system without hard links.
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    }

    /// <summary>
    /// Reads a file that only this account can read or change. ssh has the same rule for private keys.
    /// </summary>
    private static string ReadOwn(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (!OperatingSystem.IsWindows())
        {
            var mode = File.GetUnixFileMode(file.SafeFileHandle);
            if ((mode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)) != 0)
            {
                var octalMode = Convert.ToString((int)mode, 8);
                throw new StartupException(
                    $"Other accounts can read or change the development key {path} (mode {octalMode}): "
                        + $"chmod 600 {path}, "
                        + "or delete it if it may be known (the tokens that it signed become invalid)."
                );
            }

            if (!FileOwner.IsThisAccount(file.SafeFileHandle, mode))
            {
                throw new StartupException(
                    $"The development key {path} belongs to another account, which may know it: "
                        + "chown it to the account of the service, "
                        + "or delete it (the tokens that it signed become invalid)."
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
                $"Authentication:SigningKeys must be base64 of at least {MinBytes} bytes each; "
                    + $"create a key with: openssl rand -base64 {MinBytes}"
            );

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int link(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string existing,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string created
    );
}
