using System.Runtime.InteropServices;
using IndustryData.Benchmarks.Environment;

namespace IndustryData.Benchmarks.Reporting;

/// <summary>The facts about a machine that are necessary to compare figures between machines.</summary>
/// <param name="CommitBefore">The commit of <c>--baseline-checkout</c>, or null if there is none.</param>
internal sealed record MachineFacts(
    DateTimeOffset Ended,
    string Commit,
    string? CommitBefore,
    string CommandLine,
    string Processor,
    int Processors,
    string Memory,
    string Kernel,
    string DotNet,
    string Postgres,
    string Load
)
{
    public static async Task<MachineFacts> ReadAsync(
        Settings settings,
        RunDatabase database,
        CancellationToken cancellationToken
    ) =>
        new(
            DateTimeOffset.UtcNow,
            await Checkout.CommitAsync(Checkout.Folder, cancellationToken),
            settings.BaselineCheckout is { } before ? await Checkout.CommitAsync(before, cancellationToken) : null,
            string.Join(
                ' ',
                ["dotnet run -c Release --project benchmarks --", .. System.Environment.GetCommandLineArgs().Skip(1)]
            ),
            Line("/proc/cpuinfo", "model name"),
            System.Environment.ProcessorCount,
            Line("/proc/meminfo", "MemTotal"),
            RuntimeInformation.OSDescription,
            RuntimeInformation.FrameworkDescription,
            await database.ReadAsync<string>("SELECT version()", cancellationToken),
            (await File.ReadAllTextAsync("/proc/loadavg", cancellationToken)).Trim()
        );

    private static string Line(string path, string name) =>
        File.ReadLines(path).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
        ?? "unknown";
}
