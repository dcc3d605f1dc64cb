using System.Diagnostics;
using System.Globalization;

namespace IndustryData.Infrastructure.FaultTests.Postgres;

/// <summary>
/// Signals to all processes of one PostgreSQL server. They are known by their working folder, the data folder.
/// </summary>
internal static class PostgresProcesses
{
    private const string Stop = "STOP";
    private const string Continue = "CONT";
    private const string Kill = "KILL";

    /// <summary><c>kill -9</c> of the postmaster and its children; returns when all have ended.</summary>
    public static async Task KillAsync(string dataFolder)
    {
        await SignalAllAsync(Kill, dataFolder);
        await Poll.UntilAsync(
            () => Find(dataFolder).Count == 0,
            TimeSpan.FromSeconds(30),
            "killed processes do not end"
        );
    }

    /// <summary>Stops every process of the server, so that connections stay open and are not answered.</summary>
    public static Task FreezeAsync(string dataFolder) => SignalAllAsync(Stop, dataFolder);

    /// <summary>Lets the processes go on.</summary>
    public static Task ThawAsync(string dataFolder) => SignalAsync(Continue, Find(dataFolder));

    // The postmaster may have started a child after the processes were listed.
    private static async Task SignalAllAsync(string signal, string dataFolder)
    {
        var signaled = new HashSet<int>();
        while (Find(dataFolder).Where(signaled.Add).ToList() is { Count: > 0 } found)
        {
            await SignalAsync(signal, found);
        }
    }

    private static async Task SignalAsync(string signal, List<int> processIds)
    {
        if (processIds.Count > 0)
        {
            // One that has ended meanwhile makes the exit code 1.
            var ids = processIds.Select(id => id.ToString(CultureInfo.InvariantCulture));
            var start = new ProcessStartInfo("kill", [$"-{signal}", .. ids]) { RedirectStandardError = true };
            using var kill = Process.Start(start)!;
            await kill.WaitForExitAsync();
        }
    }

    private static List<int> Find(string dataFolder) =>
        [
            .. Directory
                .GetDirectories("/proc")
                .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? id : 0)
                .Where(id => id > 0 && FindWorkingFolder(id) == dataFolder)
                .Order(),
        ];

    private static string? FindWorkingFolder(int processId)
    {
        try
        {
            return new FileInfo($"/proc/{processId}/cwd").LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
