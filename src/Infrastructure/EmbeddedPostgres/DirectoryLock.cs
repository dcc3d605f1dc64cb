namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// A lock that allows only one service to use a data directory. The operating system always releases the lock when the
/// process ends.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    public static DirectoryLock Acquire(DataDirectory directory)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            // Any user that can read the file could hold the lock.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new DirectoryLock(new FileStream(Path.Combine(directory.Path, "lock"), options));
        }
        catch (IOException exception) when (IsHeld(exception))
        {
            throw new EmbeddedPostgresException(
                $"Another service is using the data directory {directory.Path}: "
                    + "stop it, or set DataDirectory to a directory of this service's own.",
                exception
            );
        }
    }

    public void Dispose() => _file.Dispose();

    // .NET has no specific exception type for a held lock. The error is EWOULDBLOCK on Linux and macOS, and
    // ERROR_SHARING_VIOLATION on Windows.
    private static bool IsHeld(IOException exception) =>
        exception.HResult
        == (
            OperatingSystem.IsWindows() ? unchecked((int)0x80070020)
            : OperatingSystem.IsMacOS() ? 35
            : 11
        );
}
