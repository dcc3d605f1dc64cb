using System.Diagnostics;
using System.Text.Json;
using IndustryData.Benchmarks.Environment;

namespace IndustryData.Benchmarks.Live;

/// <summary>A process that holds streams of changes open. It ends when the object is disposed.</summary>
internal sealed class StreamReaders : IAsyncDisposable
{
    /// <summary>The query that the page of runs and the live page follow.</summary>
    public const string Path =
        "/process/runs/delta?$select=id,displayName,status,startDateTime,endDateTime,blockingError";

    // As for the load generator: one thread reads, so the garbage collector needs no threads of its own.
    private static readonly Dictionary<string, string> _environment = new() { ["DOTNET_gcServer"] = "0" };

    private readonly Process _process;

    private StreamReaders(Process process) => _process = process;

    /// <summary>Opens streams and waits for the first event of each.</summary>
    /// <exception cref="BenchmarkException">A stream was refused.</exception>
    public static async Task<StreamReaders> OpenAsync(
        WebProgram service,
        string token,
        int streams,
        CancellationToken cancellationToken
    )
    {
        var readers = new StreamReaders(Process.Start(ChildProcess.Self("follow", _environment))!);
        try
        {
            var plan = JsonSerializer.Serialize(new FollowPlan(service.Port, Path, token, streams));
            if (await readers.AskAsync(plan, cancellationToken) != FollowCommand.Opened)
            {
                throw new BenchmarkException("The process that follows changes opened no streams.");
            }

            return readers;
        }
        catch
        {
            await readers.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads what the streams have sent so far.</summary>
    public async Task<FollowReport> ReportAsync(CancellationToken cancellationToken) =>
        JsonSerializer.Deserialize<FollowReport>(await AskAsync("", cancellationToken))!;

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<string> AskAsync(string line, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        if (await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } answer)
        {
            return answer;
        }

        var errors = await _process.StandardError.ReadToEndAsync(cancellationToken);
        throw new BenchmarkException($"The process that follows changes failed: {errors}");
    }
}
