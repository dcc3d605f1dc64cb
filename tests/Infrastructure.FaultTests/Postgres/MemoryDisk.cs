using System.Diagnostics;

namespace IndustryData.Infrastructure.FaultTests.Postgres;

/// <summary>
/// A small file system in memory (<c>tmpfs</c>), which can be filled and then enlarged. Mounting needs root or
/// <c>sudo</c>.
/// </summary>
internal sealed class MemoryDisk : IDisposable
{
    private MemoryDisk(string path) => FolderPath = path;

    /// <summary>Where it is mounted; every account may enter.</summary>
    public string FolderPath { get; }

    /// <summary>
    /// Mounts one. On a machine that does not allow it the test is skipped, and in continuous integration fails.
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
        var reason = $"A file system cannot be mounted here ({error.Trim()}).";
        if (Form.IsContinuousIntegration)
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
        throw new UnreachableException();
    }

    /// <summary>Gives it this size.</summary>
    public void Resize(int megabytes) => Run("mount", "-o", $"remount,size={megabytes}m", FolderPath).ShouldBeEmpty();

    public void Dispose()
    {
        // Processes that were killed may hold it for a moment; a lazy unmount takes effect when they are gone.
        Run("umount", "-l", FolderPath);
        Directory.Delete(FolderPath);
    }

    // Returns the error, or nothing.
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
