using System.Diagnostics;
using System.Runtime.CompilerServices;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace IndustryData.WebApi.FunctionalTests.EmbeddedPostgres;

/// <summary>
/// A service in its own process, so that it can be killed. The process is this test program, started with
/// <see cref="FolderVariable"/> set.
/// </summary>
internal sealed class ServiceProcess : IDisposable
{
    private const string FolderVariable = "INDUSTRYDATA_TEST_SERVICE_FOLDER";

    private readonly Process _process;

    private ServiceProcess(Process process) => _process = process;

    public static async Task<ServiceProcess> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ServiceProcess).Assembly.Location])
        {
            RedirectStandardOutput = true,
        };
        start.Environment[FolderVariable] = folder;
        Process process = Process.Start(start)!;
        (await process.StandardOutput.ReadLineAsync(cancellationToken)).ShouldBe("ready");
        return new ServiceProcess(process);
    }

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    [ModuleInitializer]
    internal static void ServeWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { } folder)
        {
            var options = new EmbeddedPostgresOptions();
            PostgresServer
                .StartAsync(
                    DataDirectory.Resolve(folder, options),
                    options,
                    NullLogger.Instance,
                    CancellationToken.None
                )
                .GetAwaiter()
                .GetResult();
            Console.WriteLine("ready");
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
