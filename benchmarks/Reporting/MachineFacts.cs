using System.Runtime.InteropServices;
using IndustryData.Benchmarks.Stage;

namespace IndustryData.Benchmarks.Reporting;

/// <summary>What has to be known of a machine to compare its figures with those of another.</summary>
internal sealed record MachineFacts(DateTimeOffset Ended, string Commit, string CommandLine, string Processor, int Processors, string Memory, string Kernel, string DotNet, string Postgres, string Load)
{
    public static async Task<MachineFacts> ReadAsync(RunDatabase database, CancellationToken cancellationToken) => new(
        DateTimeOffset.UtcNow,
        await CommitAsync(cancellationToken),
        string.Join(' ', ["dotnet run -c Release --project benchmarks --", .. Environment.GetCommandLineArgs().Skip(1)]),
        Line("/proc/cpuinfo", "model name"),
        Environment.ProcessorCount,
        Line("/proc/meminfo", "MemTotal"),
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        await database.ReadAsync<string>("SELECT version()", cancellationToken),
        (await File.ReadAllTextAsync("/proc/loadavg", cancellationToken)).Trim());

    private static string Line(string path, string name) =>
        File.ReadLines(path).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown";

    private static async Task<string> CommitAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await ChildProcess.RunAsync(new("git", ["-C", Checkout.Folder, "describe", "--always", "--dirty"]), cancellationToken)).Trim();
        }
        catch (Exception exception) when (exception is BenchmarkException or System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }
}
