using System.Diagnostics;

namespace IndustryData.Infrastructure.FaultTests.Postgres;

/// <summary>
/// A small file system in memory (<c>tmpfs</c>), which can be filled and then enlarged. Mounting needs root or
/// <c>sudo</c>.
/// </summary>
internal sealed class MemoryDisk : IDisposable
{
    private MemoryDisk(string path) => FolderPath = path;

    /// <summary>The mount point. Every account may enter it.</summary>
    public string FolderPath { get; }

    /// <summary>
    /// Mounts a file system. If the machine does not allow it, the test is skipped; in continuous integration, the test
    /// fails.
    /// </summary>
    public static MemoryDisk Mount(int megabytes)
    {
        var path = Directory.CreateTempSubdirectory("industrydata-disk-").FullName;
        var error = Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=0777", "industrydata", path);
        if (error.Length == 0)
        {
            return new MemoryDisk(path);
        }

        Directory.Delete(path);
        var reason = $"This machine cannot mount a file system: {error.Trim()}";
        if (Form.IsContinuousIntegration)
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
        throw new UnreachableException();
    }

    /// <summary>Changes the size of the file system.</summary>
    public void Resize(int megabytes) => Run("mount", "-o", $"remount,size={megabytes}m", FolderPath).ShouldBeEmpty();

    public void Dispose()
    {
        // Killed processes may use the file system for a moment. A lazy unmount takes effect when they have ended.
        Run("umount", "-l", FolderPath);
        Directory.Delete(FolderPath);
    }

    // Returns the error, or an empty string.
    private static string Run(params string[] command)
    {
        string[] whole = Environment.IsPrivilegedProcess ? command : ["sudo", "-n", .. command];
        try
        {
            var start = new ProcessStartInfo(whole[0], whole[1..]) { RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? ""
                : error.Length > 0 ? error
                : $"exit code {process.ExitCode}";
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return exception.Message;
        }
    }
}
