using System.Security.Cryptography;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// A file under a temporary name in the directory of its final name. It gets that name when it is complete and on disk.
/// Only the account of this process can read it. Disposal deletes it if it was not completed.
/// </summary>
internal sealed class UnfinishedFile : IDisposable
{
    private readonly string _finalPath;
    private readonly bool _overwrite;
    private readonly FileStream _stream;
    private bool _isComplete;

    private UnfinishedFile(string finalPath, bool overwrite, FileStream stream)
    {
        _finalPath = finalPath;
        _overwrite = overwrite;
        _stream = stream;
    }

    /// <summary>The temporary path, to which a program can write.</summary>
    public string Path => _stream.Name;

    /// <summary>The number of bytes that are written.</summary>
    public long Length => RandomAccess.GetLength(_stream.SafeFileHandle);

    /// <summary>Creates the file.</summary>
    /// <param name="finalPath">The path of the complete file.</param>
    /// <param name="overwrite">True if a file that exists there may be replaced.</param>
    /// <exception cref="EmbeddedPostgresException">
    /// The path is a directory or an existing file, or cannot be written.
    /// </exception>
    public static UnfinishedFile Create(string finalPath, bool overwrite)
    {
        if (Directory.Exists(finalPath))
        {
            throw new EmbeddedPostgresException($"{finalPath} is a directory: name a file in it.");
        }

        if (File.Exists(finalPath) && !overwrite)
        {
            throw Existing(finalPath);
        }

        // A new file under an unpredictable name: in a directory such as /tmp, a file or link of another account cannot
        // take its place.
        var creation = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            creation.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        string path = $"{finalPath}.new-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        try
        {
            return new UnfinishedFile(finalPath, overwrite, new FileStream(path, creation));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(finalPath, exception);
        }
    }

    /// <summary>Flushes the file to disk and gives it its final name.</summary>
    /// <exception cref="EmbeddedPostgresException">
    /// A file with the name was created meanwhile, or the disk reports an error.
    /// </exception>
    public async Task CompleteAsync()
    {
        try
        {
            RandomAccess.FlushToDisk(_stream.SafeFileHandle);
            File.Move(Path, _finalPath, _overwrite);
            _isComplete = true;
        }
        catch (IOException) when (!_overwrite && File.Exists(_finalPath))
        {
            throw Existing(_finalPath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(_finalPath, exception);
        }

        await ClientProcess.FlushDirectoryAsync(System.IO.Path.GetDirectoryName(_finalPath)!);
    }

    public void Dispose()
    {
        _stream.Dispose();
        if (!_isComplete)
        {
            File.Delete(Path);
        }
    }

    private static EmbeddedPostgresException Existing(string path) =>
        new($"{path} exists and was not changed: name another file, or add --force to replace it.");

    private static EmbeddedPostgresException Unwritable(string path, Exception exception) =>
        new(
            $"{path} cannot be written ({exception.Message}): name a file in a directory that you can write.",
            exception
        );
}
