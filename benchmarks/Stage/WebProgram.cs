using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IndustryData.Benchmarks.Stage;

/// <summary>A program under test that listens on a port of 127.0.0.1.</summary>
internal sealed class WebProgram : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private WebProgram(ChildProcess process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public int ProcessId => _process.Id;

    /// <summary>What it printed last.</summary>
    public string Output => _process.Output;

    /// <summary>Starts a program and waits until it answers.</summary>
    /// <param name="start">Which program.</param>
    /// <param name="path">A path that it answers with 200 when it is ready.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BenchmarkException">It ended, or was not ready within a minute.</exception>
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
        var begun = Stopwatch.StartNew();
        while (!program._process.HasEnded && begun.Elapsed < TimeSpan.FromMinutes(1))
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
                // It does not listen yet.
            }

            await Task.Delay(100, cancellationToken);
        }

        var output = program.Output;
        await program.DisposeAsync();
        throw new BenchmarkException($"{string.Join(' ', start.ArgumentList)} does not answer: {output}");
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
