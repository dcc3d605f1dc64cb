using System.Diagnostics;
using System.Text;

namespace IndustryData.Benchmarks.Environment;

/// <summary>A child process. It ends when the object is disposed.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int MaxOutputBytes = 8 * 1024;

    private readonly Process _process;
    private readonly byte[] _output = new byte[MaxOutputBytes];
    private int _outputLength;

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>The last 8 KiB that the process printed.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return Encoding.UTF8.GetString(_output, 0, _outputLength);
            }
        }
    }

    /// <summary>Creates the start information for a .NET program.</summary>
    /// <param name="assembly">The path of the main assembly.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="environment">The environment variables to add to those of this process.</param>
    public static ProcessStartInfo DotNet(
        string assembly,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string> environment
    )
    {
        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(assembly),
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    /// <summary>Creates the start information for this program with another command.</summary>
    public static ProcessStartInfo Self(string verb, IReadOnlyDictionary<string, string> environment) =>
        DotNet(typeof(ChildProcess).Assembly.Location, [verb], environment);

    /// <summary>Starts a process and reads its output.</summary>
    public static ChildProcess Start(ProcessStartInfo start)
    {
        var child = new ChildProcess(Process.Start(start)!);
        _ = child.KeepAsync(child._process.StandardOutput.BaseStream);
        _ = child.KeepAsync(child._process.StandardError.BaseStream);
        return child;
    }

    /// <summary>Runs a process until it ends.</summary>
    /// <returns>The output of the process.</returns>
    /// <exception cref="BenchmarkException">The process failed.</exception>
    public static async Task<string> RunAsync(ProcessStartInfo start, CancellationToken cancellationToken)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0
                ? await output
                : throw new BenchmarkException(
                    $"{start.FileName} {string.Join(' ', start.ArgumentList)} failed: {await output}{await errors}"
                );
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Sends SIGTERM and waits until the process has ended.</summary>
    /// <exception cref="BenchmarkException">The process failed.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await RunAsync(new ProcessStartInfo("kill", ["-TERM", $"{Id}"]), cancellationToken);
        await _process.WaitForExitAsync(cancellationToken);
        if (_process.ExitCode != 0)
        {
            throw new BenchmarkException($"The process ended with {_process.ExitCode}: {Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    // A service prints a line for each write. To decode all of them would slow down the measurement.
    private async Task KeepAsync(Stream stream)
    {
        var buffer = new byte[64 * 1024];
        while (await stream.ReadAsync(buffer) is > 0 and var read)
        {
            lock (_output)
            {
                var added = buffer.AsSpan(Math.Max(0, read - MaxOutputBytes), Math.Min(read, MaxOutputBytes));
                var kept = Math.Min(_outputLength, MaxOutputBytes - added.Length);
                _output.AsSpan(_outputLength - kept, kept).CopyTo(_output);
                added.CopyTo(_output.AsSpan(kept));
                _outputLength = kept + added.Length;
            }
        }
    }
}
