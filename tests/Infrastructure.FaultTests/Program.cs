using IndustryData.Infrastructure.FaultTests;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Postgres;
using Xunit.Sdk;
using Xunit.v3;

// Scenarios run one at a time, because they kill and stop processes and the machine has few processors.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(ClusterTemplate))]

return args switch
{
    [LoadProcess.Command, .. var load] => await LoadProcess.RunAsync(load),
    _ when args.Contains("--server") || args.Contains("--internal-msbuild-node") =>
        await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(
            args,
            SelfRegisteredExtensions.AddSelfRegisteredExtensions
        ),
    _ => await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args),
};
