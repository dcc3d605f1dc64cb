namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>The data directory of the service.</summary>
public sealed class DataDirectory
{
    private const string ForRoot = "/var/lib/industrydata";

    private DataDirectory(string path) => Path = path;

    /// <summary>
    /// The absolute path without symbolic links. The directory may not exist yet; see <see cref="Create"/>.
    /// </summary>
    public string Path { get; }

    /// <summary>
    /// Determines the data directory. It is <paramref name="setting"/> if set; otherwise <c>data</c> in the checkout in
    /// which the program was built; otherwise <c>/var/lib/industrydata</c> for root and the user's local application
    /// data for other users. Root also skips a checkout that the account of PostgreSQL cannot enter. The method does
    /// not create anything.
    /// </summary>
    /// <param name="setting">
    /// The configuration value <c>DataDirectory</c>, relative to the working directory. Null or blank if not set.
    /// </param>
    /// <param name="options">Specifies the account that must be able to enter the directory.</param>
    /// <exception cref="EmbeddedPostgresException">
    /// The account cannot enter the directory, or root has no such account.
    /// </exception>
    public static DataDirectory Resolve(string? setting, EmbeddedPostgresOptions options)
    {
        PostgresOsAccount account = PostgresOsAccount.Resolve(options);
        string? checkout = string.IsNullOrWhiteSpace(setting) ? FindCheckout() : null;
        string path = ResolveSymlinks(
            !string.IsNullOrWhiteSpace(setting) ? setting
            : checkout is null ? SystemDataDirectory(account)
            : System.IO.Path.Combine(checkout, "data")
        );
        string? closed = account.FindInaccessible(ExistingDirectoriesDownTo(path));
        if (closed is not null && checkout is not null)
        {
            path = ResolveSymlinks(ForRoot);
            closed = account.FindInaccessible(ExistingDirectoriesDownTo(path));
        }

        return closed is null
            ? new DataDirectory(path)
            : throw new EmbeddedPostgresException(
                $"The account '{account.Name}', which runs PostgreSQL, cannot enter {closed}: "
                    + $"allow it (chmod o+x), or set DataDirectory to a directory elsewhere, such as {ForRoot}."
            );
    }

    /// <summary>
    /// Creates the directory if it does not exist. Other users have no access to it, unless the service runs as root.
    /// In that case other users can pass through it, so that the account of PostgreSQL can pass through it too.
    /// </summary>
    /// <exception cref="IOException">A file with the same name exists, or the disk reports an error.</exception>
    /// <exception cref="UnauthorizedAccessException">The service may not write there.</exception>
    public void Create()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Path);
            return;
        }

        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        UnixFileMode mode = Environment.IsPrivilegedProcess
            ? own | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute
            : own;
        foreach (string directory in DirectoriesDownTo(Path).Where(directory => !Directory.Exists(directory)))
        {
            Directory.CreateDirectory(directory);
            File.SetUnixFileMode(directory, mode); // the umask may have removed permissions
        }
    }

    private static string SystemDataDirectory(PostgresOsAccount account)
    {
        if (account.Name is not null)
        {
            return ForRoot;
        }

        string local = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify
        );
        return local.Length > 0
            ? System.IO.Path.Combine(local, "industrydata")
            : throw new EmbeddedPostgresException(
                "This account has no home directory to keep data in: set DataDirectory to a directory it can write."
            );
    }

    private static string? FindCheckout() =>
        DirectoriesDownTo(System.IO.Path.GetFullPath(AppContext.BaseDirectory))
            .LastOrDefault(directory => File.Exists(System.IO.Path.Combine(directory, "IndustryData.sln")));

    private static IEnumerable<string> ExistingDirectoriesDownTo(string path) =>
        DirectoriesDownTo(path).Where(Directory.Exists);

    private static Stack<string> DirectoriesDownTo(string path)
    {
        var directories = new Stack<string>();
        for (
            string? directory = System.IO.Path.TrimEndingDirectorySeparator(path);
            directory is not null;
            directory = System.IO.Path.GetDirectoryName(directory)
        )
        {
            directories.Push(directory);
        }

        return directories;
    }

    // The running server is recognized by its working directory, which the system reports without symbolic links.
    private static string ResolveSymlinks(string path, int depth = 0)
    {
        if (depth > 40)
        {
            throw new EmbeddedPostgresException(
                $"{path} has too many levels of symbolic links: set DataDirectory to a plain path."
            );
        }

        string physical = "";
        foreach (string directory in DirectoriesDownTo(System.IO.Path.GetFullPath(path)))
        {
            string name = System.IO.Path.GetFileName(directory);
            physical = name.Length == 0 ? directory : System.IO.Path.Combine(physical, name);
            if (new FileInfo(physical) is { LinkTarget: not null } link)
            {
                physical = ResolveSymlinks(link.ResolveLinkTarget(returnFinalTarget: false)!.FullName, depth + 1);
            }
        }

        return physical;
    }
}
