using System.Diagnostics;
using System.Globalization;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// The server process that a lock file of PostgreSQL names. The process may be long gone, its number taken by another.
/// </summary>
/// <param name="Pid">The number of the process.</param>
/// <param name="Folder">The cluster's folder when the process started.</param>
/// <param name="Endpoint">Where it listens; not settled before <paramref name="IsReady"/>.</param>
/// <param name="IsReady">Whether it has said that it takes connections.</param>
internal sealed record Postmaster(int Pid, string Folder, Endpoint Endpoint, bool IsReady)
{
    /// <summary>
    /// Reads a cluster's postmaster.pid, or a socket's lock file, which begins alike; null when there is none or it is
    /// only half written.
    /// </summary>
    public static Postmaster? Read(string lockFile)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(lockFile);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        // pid, folder, start time, port, socket folder, listen address, shared memory, status
        return lines.Length >= 4
            && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            && int.TryParse(lines[3], NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            ? new Postmaster(pid, lines[1], new Endpoint(Line(4) is { Length: > 0 } socket ? socket : Line(5), port), Line(7) == "ready")
            : null;

        string Line(int index) => index < lines.Length ? lines[index].Trim() : "";
    }

    /// <summary>Whether the process lives and is the server of the cluster at this path.</summary>
    public bool IsRunningOn(string cluster)
    {
        if (OperatingSystem.IsLinux())
        {
            // A server's working folder is its cluster. Unlike the file's second line this cannot be a copy's.
            return WorkingDirectory() == cluster;
        }

        return ProcessName() == "postgres" && Path.GetFullPath(Folder) == cluster;
    }

    /// <summary>
    /// Whether the number surely belongs to no server of the cluster, though a process has it. PostgreSQL itself only
    /// asks whether the process exists, and would refuse to start.
    /// </summary>
    public bool IsPidReused(string cluster) =>
        ProcessName() is { } name && (name != "postgres" || (OperatingSystem.IsLinux() && WorkingDirectory() is { } folder && folder != cluster));

    private string? WorkingDirectory()
    {
        try
        {
            return new FileInfo($"/proc/{Pid}/cwd").LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Null when there is no such process; a dead one that its parent has not waited for yet is a zombie.
    private string? ProcessName()
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                string status = File.ReadAllText($"/proc/{Pid}/stat"); // 42 (postgres) S …
                int end = status.LastIndexOf(')');
                return status[end + 2] == 'Z' ? "zombie" : status[(status.IndexOf('(', StringComparison.Ordinal) + 1)..end];
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        try
        {
            using Process process = Process.GetProcessById(Pid);
            return process.ProcessName;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}
