using System.ComponentModel;
using System.Diagnostics;

namespace IndustryData.Benchmarks.Stage;

/// <summary>The sources that this program was built from, and those of other versions.</summary>
internal static class Checkout
{
    private const string Solution = "IndustryData.sln";

    /// <summary>The folder of the solution.</summary>
    public static string Folder { get; } = Find(AppContext.BaseDirectory);

    /// <summary>The folder of the service's project in a checkout.</summary>
    /// <exception cref="BenchmarkException">The folder is no checkout of this repository.</exception>
    public static string ServiceProject(string checkout)
    {
        var project = Path.Combine(checkout, "src", "WebApi");
        return File.Exists(Path.Combine(checkout, Solution)) && Directory.Exists(project)
            ? project
            : throw new BenchmarkException(
                $"{checkout} is no checkout of this repository: it lacks {Solution} or src/WebApi."
            );
    }

    /// <summary>What git calls the commit of a checkout.</summary>
    /// <returns><c>unknown</c> when there is no git, or the folder is none of its checkouts.</returns>
    public static async Task<string> CommitAsync(string checkout, CancellationToken cancellationToken)
    {
        try
        {
            var git = new ProcessStartInfo("git", ["-C", checkout, "describe", "--always", "--dirty"]);
            return (await ChildProcess.RunAsync(git, cancellationToken)).Trim();
        }
        catch (Exception exception) when (exception is BenchmarkException or Win32Exception)
        {
            return "unknown";
        }
    }

    private static string Find(string folder)
    {
        for (string? at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, Solution)))
            {
                return at;
            }
        }

        throw new BenchmarkException($"{folder} is not below the checkout, whose sources are published and measured.");
    }
}
