using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using IndustryData.Benchmarks.Stage;

namespace IndustryData.Benchmarks.Parts;

/// <summary>Measures the inner parts, each by itself, in this process.</summary>
internal static class PartsCommand
{
    public static int Run(string[] arguments)
    {
        // In this process, because a project that BenchmarkDotNet writes knows nothing of this repository's package
        // versions and folders.
        var config = DefaultConfig
            .Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithMaxIterationCount(20))
            .WithArtifactsPath(Path.Combine(Checkout.Folder, "artifacts", "benchmarks", "parts"));
        string[] asked = arguments.Length == 0 ? ["--filter", "*"] : arguments;
        return BenchmarkSwitcher
            .FromTypes([typeof(AddRunParts), typeof(ListRunsParts)])
            .Run(asked, config)
            .Any(s => s.HasCriticalValidationErrors)
            ? 1
            : 0;
    }
}
