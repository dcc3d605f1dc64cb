namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// Replaces the directory of the embedded PostgreSQL by one with a newer major version. The old directory is kept. The
/// caller holds the <see cref="DirectoryLock"/>, and no server runs on either directory.
/// </summary>
/// <remarks>
/// No portable call exchanges two directories at once. So the new directory first gets a name that only a complete one
/// has. If the process ends before the last rename, the next start does it.
/// </remarks>
internal sealed class ClusterReplacement
{
    private readonly string _parent;
    private readonly string _current;
    private readonly string _next;

    public ClusterReplacement(string current)
    {
        _parent = Path.GetDirectoryName(current)!;
        _current = current;
        _next = current + ".upgraded";
    }

    /// <summary>True if the last replacement was interrupted before its last step.</summary>
    public bool IsInterrupted => !Directory.Exists(_current) && Directory.Exists(_next);

    /// <summary>Returns the path under which a directory of a major version is kept.</summary>
    public string KeptPath(int major) => $"{_current}-{major}";

    /// <summary>
    /// Does the last step of an interrupted replacement. If the replacement had not reached the current directory, the
    /// new one is deleted instead, because it lacks what is stored from now on.
    /// </summary>
    public async Task FinishAsync()
    {
        if (IsInterrupted)
        {
            await RenameAsync(_next, _current);
        }
        else if (Directory.Exists(_next))
        {
            Directory.Delete(_next, recursive: true);
        }
    }

    /// <summary>Replaces the current directory.</summary>
    /// <param name="replacement">The complete new directory, in the same file system.</param>
    /// <param name="major">The major version of the current directory.</param>
    public async Task ReplaceAsync(string replacement, int major)
    {
        await RenameAsync(replacement, _next);
        await RenameAsync(_current, KeptPath(major));
        await RenameAsync(_next, _current);
    }

    private async Task RenameAsync(string from, string to)
    {
        Directory.Move(from, to);
        await ClientProcess.FlushDirectoryAsync(_parent);
    }
}
