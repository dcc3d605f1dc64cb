using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>
/// Many callers of one tenant in a separate process, so that they do not distort the measurements of the test process.
/// The process has a lower priority, because callers on other machines would not use the service's processors.
/// </summary>
internal sealed class LoadProcess : IAsyncDisposable
{
    /// <summary>The first argument with which this program runs as the load process instead of the tests.</summary>
    public const string Command = "--load";

    private const int StatisticsBytes = 60_000;
    private const string KeyPlace = "00000000-0000-4000-8000-000000000000";
    private static readonly TimeSpan _pauseAfterRefusal = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;

    private LoadProcess(Process process) => _process = process;

    /// <summary>Starts connections that send requests without a pause.</summary>
    /// <param name="kind">The kind of the requests.</param>
    /// <param name="root">The root URL of the service.</param>
    /// <param name="tenant">The tenant that sends the requests.</param>
    /// <param name="connections">The number of connections.</param>
    public static LoadProcess Start(LoadKind kind, Uri root, Guid tenant, int connections)
    {
        var start = new ProcessStartInfo(
            "nice",
            [
                "-n",
                "10",
                "dotnet",
                typeof(LoadProcess).Assembly.Location,
                Command,
                kind.ToString(),
                root.ToString(),
                Caller.Token(tenant),
                connections.ToString(CultureInfo.InvariantCulture),
            ]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new LoadProcess(Process.Start(start)!);
    }

    /// <summary>Waits for the first response.</summary>
    public Task<string?> WaitForFirstAnswerAsync() => _process.StandardOutput.ReadLineAsync();

    /// <summary>Ends the load.</summary>
    /// <returns>The number of responses by status.</returns>
    public async Task<string> StopAsync()
    {
        _process.StandardInput.Close();
        var output = await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        return output.Trim();
    }

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Runs the load process. It sends requests until its standard input ends, and then prints the number of responses
    /// by status.
    /// </summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var (kind, root, token) = (Enum.Parse<LoadKind>(arguments[0]), new Uri(arguments[1]), arguments[2]);
        var statuses = new ConcurrentDictionary<int, int>();
        for (var number = 0; number < int.Parse(arguments[3], CultureInfo.InvariantCulture); number++)
        {
            var isKeyed = kind == LoadKind.Writes && number % 2 == 0;
            _ = SendAsync(root, Prepare(kind, token, isKeyed), isKeyed, statuses);
        }

        while (statuses.IsEmpty)
        {
            await Task.Delay(10);
        }

        Console.WriteLine("started");
        await Console.In.ReadToEndAsync();
        Console.WriteLine(string.Join(", ", statuses.OrderBy(s => s.Key).Select(s => $"{s.Value} × {s.Key}")));
        return 0;
    }

    private static byte[] Prepare(LoadKind kind, string token, bool isKeyed) =>
        kind == LoadKind.Writes
            ? RawConnection.Request(
                "POST /beta/process/runs/$ref",
                token,
                Caller.RunBody("load", StatisticsBytes),
                isKeyed ? $"Idempotency-Key: {KeyPlace}" : ""
            )
            : RawConnection.Request("GET /beta/process/runs?$search=zzz&$count=true", token);

    private static async Task SendAsync(Uri root, byte[] request, bool isKeyed, ConcurrentDictionary<int, int> statuses)
    {
        var keyPlace = isKeyed ? request.AsSpan().IndexOf(Encoding.ASCII.GetBytes(KeyPlace)) : 0;
        while (true)
        {
            var status = 0;
            try
            {
                using var connection = await RawConnection.OpenAsync(root);
                do
                {
                    if (isKeyed)
                    {
                        Guid.NewGuid().TryFormat(request.AsSpan(keyPlace), out _);
                    }

                    await connection.SendAsync(request);
                    status = await connection.ReadStatusAsync();
                    statuses.AddOrUpdate(status, 1, (_, count) => count + 1);
                } while (status is >= 200 and < 300);
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                statuses.AddOrUpdate(0, 1, (_, count) => count + 1);
            }

            await Task.Delay(_pauseAfterRefusal);
        }
    }
}

/// <summary>The requests of a load process.</summary>
internal enum LoadKind
{
    /// <summary>Runs with large statistics. Every second connection sends idempotency keys.</summary>
    Writes,

    /// <summary>Searches that read every run of the tenant and find nothing.</summary>
    Searches,
}
