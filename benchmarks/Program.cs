using IndustryData.Benchmarks.Baselines;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Driving;
using IndustryData.Benchmarks.Parts;

namespace IndustryData.Benchmarks;

/// <summary>
/// Measures the service against what it is compared with. Without a verb: the whole table. <c>parts</c>: the inner
/// parts, by BenchmarkDotNet. <c>drive</c> and <c>baselines</c> are the processes that the whole starts of itself.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["parts", .. var others]:
                return PartsCommand.Run(others);
            case ["drive"]:
                return DriveCommand.Run(Console.OpenStandardInput());
            case ["baselines"]:
                return await BaselineApp.RunAsync();
            default:
                return await CompareCommand.RunAsync(args);
        }
    }
}
