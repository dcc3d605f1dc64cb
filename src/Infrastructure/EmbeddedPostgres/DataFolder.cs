namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>The folder where the service keeps what it owns.</summary>
public sealed class DataFolder
{
    private const string ForRoot = "/var/lib/industrydata";

    private DataFolder(string path) => Path = path;

    /// <summary>Absolute, without symbolic links. The folder itself may not exist yet; see <see cref="Create"/>.</summary>
    public string Path { get; }

    /// <summary>
    /// Finds the folder. <paramref name="setting"/> when given; else <c>data</c> in the checkout that the program was built in;
    /// else <c>/var/lib/industrydata</c> for root and the user's local application data for others.
    /// Root also passes over a checkout that the account of PostgreSQL cannot enter. Nothing is created.
    /// </summary>
    /// <param name="setting">The configuration value <c>DataFolder</c>; relative to the working folder. Null or blank: not set.</param>
    /// <param name="options">Names the account which must be able to enter the folder.</param>
    /// <exception cref="EmbeddedPostgresException">The account cannot enter the folder, or root has no such account.</exception>
    public static DataFolder Resolve(string? setting, EmbeddedPostgresOptions options)
    {
        ServerAccount account = ServerAccount.Resolve(options);
        string? checkout = string.IsNullOrWhiteSpace(setting) ? FindCheckout() : null;
        string path = Physical(!string.IsNullOrWhiteSpace(setting) ? setting : checkout is null ? OfTheSystem(account) : System.IO.Path.Combine(checkout, "data"));
        string? closed = account.FirstClosed(ExistingFoldersDownTo(path));
        if (closed is not null && checkout is not null)
        {
            path = Physical(ForRoot);
            closed = account.FirstClosed(ExistingFoldersDownTo(path));
        }

        return closed is null
            ? new DataFolder(path)
            : throw new EmbeddedPostgresException(
                $"The account '{account.Name}', which runs PostgreSQL, cannot enter {closed}: allow it (chmod o+x), or set DataFolder to a folder elsewhere, such as {ForRoot}.");
    }

    /// <summary>Makes the folder when it is missing: closed to other users, but for root such that the account of PostgreSQL can pass through.</summary>
    /// <exception cref="IOException">A file stands in the way, or the disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The service may not write there.</exception>
    public void Create()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Path);
            return;
        }

        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        UnixFileMode mode = Environment.IsPrivilegedProcess ? own | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : own;
        foreach (string folder in FoldersDownTo(Path).Where(folder => !Directory.Exists(folder)))
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, mode); // the umask may have taken more
        }
    }

    private static string OfTheSystem(ServerAccount account)
    {
        if (account.Name is not null)
        {
            return ForRoot;
        }

        string local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return local.Length > 0
            ? System.IO.Path.Combine(local, "industrydata")
            : throw new EmbeddedPostgresException("This account has no home folder to keep data in: set DataFolder to a folder it can write.");
    }

    private static string? FindCheckout() =>
        FoldersDownTo(System.IO.Path.GetFullPath(AppContext.BaseDirectory)).LastOrDefault(folder => File.Exists(System.IO.Path.Combine(folder, "IndustryData.sln")));

    private static IEnumerable<string> ExistingFoldersDownTo(string path) => FoldersDownTo(path).Where(Directory.Exists);

    private static Stack<string> FoldersDownTo(string path)
    {
        var folders = new Stack<string>();
        for (string? folder = System.IO.Path.TrimEndingDirectorySeparator(path); folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            folders.Push(folder);
        }

        return folders;
    }

    // The running server is recognised by its working folder, which the system reports without links.
    private static string Physical(string path, int depth = 0)
    {
        if (depth > 40)
        {
            throw new EmbeddedPostgresException($"{path} has too many levels of symbolic links: set DataFolder to a plain path.");
        }

        string physical = "";
        foreach (string folder in FoldersDownTo(System.IO.Path.GetFullPath(path)))
        {
            string name = System.IO.Path.GetFileName(folder);
            physical = name.Length == 0 ? folder : System.IO.Path.Combine(physical, name);
            if (new FileInfo(physical) is { LinkTarget: not null } link)
            {
                physical = Physical(link.ResolveLinkTarget(returnFinalTarget: false)!.FullName, depth + 1);
            }
        }

        return physical;
    }
}
