using System.Globalization;

namespace IndustryData.Benchmarks.Measuring;

/// <summary>Reads the resource usage of processes from <c>/proc</c>.</summary>
internal static class ProcessUsage
{
    // The value of sysconf(_SC_CLK_TCK). It is 100 on every Linux on which .NET runs.
    private const double TicksASecond = 100;

    private const int UserTime = 13;
    private const int ChildrensUserTime = 15;

    /// <summary>Returns the processor time of a process in seconds, or 0 if the process has ended.</summary>
    public static double Cpu(int process) => Times(process, UserTime);

    /// <summary>
    /// Returns the processor time of a process and its running and ended child processes in seconds.
    /// </summary>
    public static double CpuWithChildren(int process) =>
        Cpu(process) + Times(process, ChildrensUserTime) + Children(process).Sum(Cpu);

    /// <summary>Returns the resident set size of a process in megabytes. It includes mapped files.</summary>
    public static double ResidentMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status")
            .First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture)
            / 1024;
    }

    private static IEnumerable<int> Children(int process) =>
        File.ReadAllText($"/proc/{process}/task/{process}/children")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture));

    private static double Times(int process, int first)
    {
        try
        {
            // The process name is in parentheses and can contain any character.
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return Enumerable.Range(first - 2, 2).Sum(i => double.Parse(fields[i], CultureInfo.InvariantCulture))
                / TicksASecond;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
