using IndustryData.Benchmarks.Baselines;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Live;
using IndustryData.Benchmarks.LoadGeneration;
using IndustryData.Benchmarks.MicroBenchmarks;
using IndustryData.Benchmarks.Simulating;

namespace IndustryData.Benchmarks;

/// <summary>
/// The entry point of the benchmarks. Without a command, it compares the service with the baselines and reports all
/// figures. The option <c>--simulate-day</c> simulates a day of a large installation instead. The command <c>parts</c>
/// measures parts of the service with BenchmarkDotNet. The commands <c>generate-load</c>, <c>follow</c>,
/// <c>replay-day</c> and <c>baselines</c> are for the child processes that the others start.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["parts", .. var others]:
                return MicroBenchmarksCommand.Run(others);
            case ["generate-load"]:
                return GeneratorCommand.Run(Console.OpenStandardInput());
            case ["follow"]:
                return FollowCommand.Run(Console.In);
            case ["replay-day"]:
                return ReplayCommand.Run(Console.OpenStandardInput());
            case [SimulationSettings.Option, ..]:
                return await SimulateCommand.RunAsync(args);
            case ["baselines"]:
                return await BaselineApp.RunAsync();
            default:
                return await CompareCommand.RunAsync(args);
        }
    }
}
