using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IndustryData.Benchmarks.Environment;

/// <summary>A program under test that listens on a port of 127.0.0.1.</summary>
internal sealed class WebProgram : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private WebProgram(ChildProcess process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public int ProcessId => _process.Id;

    /// <summary>The last lines that the program printed.</summary>
    public string Output => _process.Output;

    /// <summary>Starts a program and waits until it is ready.</summary>
    /// <param name="start">The start information of the program.</param>
    /// <param name="path">A path to which the program responds with 200 when it is ready.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="BenchmarkException">The program ended, or it was not ready within one minute.</exception>
    public static async Task<WebProgram> StartAsync(
        ProcessStartInfo start,
        string path,
        CancellationToken cancellationToken
    )
    {
        var port = FreePort();
        start.Environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}";
        var program = new WebProgram(ChildProcess.Start(start), port);
        using var client = new HttpClient();
        var stopwatch = Stopwatch.StartNew();
        while (!program._process.HasEnded && stopwatch.Elapsed < TimeSpan.FromMinutes(1))
        {
            try
            {
                using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"), cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return program;
                }
            }
            catch (HttpRequestException)
            {
                // The program does not listen yet.
            }

            await Task.Delay(100, cancellationToken);
        }

        var output = program.Output;
        await program.DisposeAsync();
        throw new BenchmarkException($"{string.Join(' ', start.ArgumentList)} does not respond: {output}");
    }

    /// <summary>Asks the program to stop, as a service manager does, and waits until it has ended.</summary>
    /// <exception cref="BenchmarkException">The program failed.</exception>
    public Task StopAsync(CancellationToken cancellationToken) => _process.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
