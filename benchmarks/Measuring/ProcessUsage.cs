using System.Globalization;

namespace IndustryData.Benchmarks.Measuring;

/// <summary>What processes have used, as Linux tells in <c>/proc</c>.</summary>
internal static class ProcessUsage
{
    // sysconf(_SC_CLK_TCK), which is 100 on every Linux that .NET runs on.
    private const double TicksASecond = 100;

    private const int UserTime = 13;
    private const int ChildrensUserTime = 15;

    /// <summary>Seconds of processor time of one process; 0 when it is no more.</summary>
    public static double Cpu(int process) => Times(process, UserTime);

    /// <summary>
    /// Seconds of processor time of a process, of the children that it has, and of those that it had.
    /// </summary>
    public static double CpuWithChildren(int process) =>
        Cpu(process) + Times(process, ChildrensUserTime) + Children(process).Sum(Cpu);

    /// <summary>Megabytes of memory that are a process's own or mapped by it, and in memory now.</summary>
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
            // The name, in parentheses, may hold anything.
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
