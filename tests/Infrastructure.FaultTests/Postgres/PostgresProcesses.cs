using System.Diagnostics;
using System.Globalization;

namespace IndustryData.Infrastructure.FaultTests.Postgres;

/// <summary>
/// Sends signals to all processes of one PostgreSQL server. The processes are identified by their working directory,
/// which is the data directory.
/// </summary>
internal static class PostgresProcesses
{
    private const string Stop = "STOP";
    private const string Continue = "CONT";
    private const string Kill = "KILL";

    /// <summary>Kills the postmaster and its children, like <c>kill -9</c>, and waits until all have ended.</summary>
    public static async Task KillAsync(string dataFolder)
    {
        await SignalAllAsync(Kill, dataFolder);
        await Poll.UntilAsync(
            () => Find(dataFolder).Count == 0,
            TimeSpan.FromSeconds(30),
            "the killed processes did not end"
        );
    }

    /// <summary>Stops every process of the server. Its connections stay open, but do not respond.</summary>
    public static Task FreezeAsync(string dataFolder) => SignalAllAsync(Stop, dataFolder);

    /// <summary>Continues the stopped processes.</summary>
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
            // The exit code is 1 if a process has ended meanwhile.
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
