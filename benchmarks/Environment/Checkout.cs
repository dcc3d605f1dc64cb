using System.ComponentModel;
using System.Diagnostics;

namespace IndustryData.Benchmarks.Environment;

/// <summary>The checkout from which this program was built, and the checkouts of other versions.</summary>
internal static class Checkout
{
    private const string Solution = "IndustryData.sln";

    /// <summary>The directory of the solution.</summary>
    public static string Folder { get; } = Find(AppContext.BaseDirectory);

    /// <summary>Returns the directory of the service project in a checkout.</summary>
    /// <exception cref="BenchmarkException">The directory is not a checkout of this repository.</exception>
    public static string ServiceProject(string checkout)
    {
        var project = Path.Combine(checkout, "src", "WebApi");
        return File.Exists(Path.Combine(checkout, Solution)) && Directory.Exists(project)
            ? project
            : throw new BenchmarkException(
                $"{checkout} is not a checkout of this repository: {Solution} or src/WebApi is missing."
            );
    }

    /// <summary>Describes the commit of a checkout.</summary>
    /// <returns>
    /// The output of <c>git describe</c>, or <c>unknown</c> if git is not installed or the directory is not a git
    /// checkout.
    /// </returns>
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

        throw new BenchmarkException(
            $"{folder} is not inside the checkout whose service is measured: run the benchmark from its checkout."
        );
    }
}
