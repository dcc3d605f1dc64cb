using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using IndustryData.Benchmarks.Environment;

namespace IndustryData.Benchmarks.MicroBenchmarks;

/// <summary>Measures parts of the service separately in this process.</summary>
internal static class MicroBenchmarksCommand
{
    public static int Run(string[] arguments)
    {
        // The measurement runs in this process, because a project that BenchmarkDotNet generates does not have the
        // package versions and directories of this repository.
        var config = DefaultConfig
            .Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithMaxIterationCount(20))
            .WithArtifactsPath(Path.Combine(Checkout.Folder, "artifacts", "benchmarks", "parts"));
        string[] asked = arguments.Length == 0 ? ["--filter", "*"] : arguments;
        return BenchmarkSwitcher
            .FromTypes([typeof(AddRunBenchmarks), typeof(ListRunsBenchmarks)])
            .Run(asked, config)
            .Any(s => s.HasCriticalValidationErrors)
            ? 1
            : 0;
    }
}
