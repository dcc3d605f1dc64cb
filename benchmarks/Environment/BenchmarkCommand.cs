using System.Runtime.InteropServices;

namespace IndustryData.Benchmarks.Environment;

/// <summary>Runs a command that measures until it ends or is interrupted.</summary>
internal static class BenchmarkCommand
{
    /// <summary>
    /// Runs a command. SIGINT and SIGTERM cancel it, so that it stops the processes that it has started.
    /// </summary>
    /// <param name="runAsync">The command. It returns an exit code.</param>
    /// <returns>The exit code; 1 if the command failed or was interrupted.</returns>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> runAsync)
    {
        using var ending = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        try
        {
            return OperatingSystem.IsLinux()
                ? await runAsync(ending.Token)
                : throw new BenchmarkException("The benchmark reads the resource usage from /proc: run it on Linux.");
        }
        catch (BenchmarkException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return 1;
        }

        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            ending.Cancel();
        }
    }
}
