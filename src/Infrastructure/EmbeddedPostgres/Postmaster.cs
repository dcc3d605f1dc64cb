using System.Diagnostics;
using System.Globalization;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// The server process that a lock file of PostgreSQL names. The process may have ended, and another process may have
/// its process id.
/// </summary>
/// <param name="Pid">The process id.</param>
/// <param name="Directory">The cluster's directory when the process started.</param>
/// <param name="Endpoint">
/// The address at which the process listens. It is not final before <paramref name="IsReady"/> is true.
/// </param>
/// <param name="IsReady">True if the lock file states that the process accepts connections.</param>
internal sealed record Postmaster(int Pid, string Directory, Endpoint Endpoint, bool IsReady)
{
    /// <summary>
    /// Reads the postmaster.pid of a cluster, or the lock file of a socket, which has the same first lines. Returns
    /// null if the file does not exist or is incomplete.
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

        // The lines are: pid, directory, start time, port, socket directory, listen address, shared memory, status.
        return
            lines.Length >= 4
            && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            && int.TryParse(lines[3], NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            ? new Postmaster(
                pid,
                lines[1],
                new Endpoint(Line(4) is { Length: > 0 } socket ? socket : Line(5), port),
                Line(7) == "ready"
            )
            : null;

        string Line(int index) => index < lines.Length ? lines[index].Trim() : "";
    }

    /// <summary>Returns true if the process exists and is the server of the cluster at this path.</summary>
    public bool IsRunningOn(string cluster)
    {
        if (OperatingSystem.IsLinux())
        {
            // The working directory of a server is its cluster. Unlike the second line of the file, it cannot come from
            // a copy of the cluster.
            return WorkingDirectory() == cluster;
        }

        return ProcessName() == "postgres" && Path.GetFullPath(Directory) == cluster;
    }

    /// <summary>
    /// Returns true if a process has the process id, but is certainly not a server of the cluster. PostgreSQL itself
    /// checks only that the process exists, and would refuse to start.
    /// </summary>
    public bool IsPidReused(string cluster) =>
        ProcessName() is { } name
        && (
            name != "postgres"
            || (OperatingSystem.IsLinux() && WorkingDirectory() is { } directory && directory != cluster)
        );

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

    // Returns null if there is no such process. The name is "zombie" if the process has ended, but its parent has not
    // waited for it yet.
    private string? ProcessName()
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                string status = File.ReadAllText($"/proc/{Pid}/stat"); // 42 (postgres) S …
                int end = status.LastIndexOf(')');
                return status[end + 2] == 'Z'
                    ? "zombie"
                    : status[(status.IndexOf('(', StringComparison.Ordinal) + 1)..end];
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
