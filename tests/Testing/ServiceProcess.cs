using System.Diagnostics;
using System.Net.Http.Headers;

namespace IndustryData.Testing;

/// <summary>The service as an operator runs it, in its own process, which can be killed.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private const string Announcement = "Now listening on: ";

    private readonly TemporaryDirectory _audit;
    private readonly Process _process;
    private readonly List<string> _output = [];
    private readonly TaskCompletionSource<Uri> _listens = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isDisposed;

    private ServiceProcess(TemporaryDirectory audit, Process process) => (_audit, _process) = (audit, process);

    public Uri Root => Client.BaseAddress!;

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    public HttpClient Client { get; } =
        new()
        {
            Timeout = TimeSpan.FromSeconds(60),
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Make()) },
        };

    /// <summary>The output of the process so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return string.Join('\n', _output);
            }
        }
    }

    /// <summary>Starts the service on a port that the system assigns, and waits until it is ready.</summary>
    public static async Task<ServiceProcess> StartAsync(params (string Key, string Value)[] settings)
    {
        var audit = new TemporaryDirectory();
        var service = new ServiceProcess(
            audit,
            StartCommand(
                [],
                [
                    // As in production, but not in the output, which tests read.
                    ("Audit__Path", Path.Combine(audit.Path, "audit.json")),
                    .. settings,
                    ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
                    ("Authentication__SigningKeys__0", Tokens.Key),
                ]
            )
        );
        service._process.OutputDataReceived += service.Keep;
        service._process.ErrorDataReceived += service.Keep;
        service._process.BeginOutputReadLine();
        service._process.BeginErrorReadLine();
        var ended = service._process.WaitForExitAsync();
        while (!ended.IsCompleted)
        {
            // On a busy machine, the service may not have found the database at its first attempt.
            if (
                await Task.WhenAny(service._listens.Task, ended) == service._listens.Task
                && await service.IsReadyAsync(await service._listens.Task)
            )
            {
                return service;
            }

            await Task.Delay(20);
        }

        audit.Dispose();
        TestLogs.Keep(service.Output);
        throw new InvalidOperationException($"The service ended with {service._process.ExitCode}: {service.Output}");
    }

    /// <summary>Runs a command and waits for its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string[] arguments,
        params (string Key, string Value)[] settings
    )
    {
        using var process = StartCommand(arguments, settings);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Starts a command. Its output and errors are redirected.</summary>
    public static Process StartCommand(string[] arguments, params (string Key, string Value)[] settings)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "IndustryData.WebApi.dll"), .. arguments]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in settings)
        {
            if (key == "ConnectionStrings__IndustryData")
            {
                start.Environment["Database__Distributed"] = DistributedDatabases.SettingFor(value);
            }

            start.Environment[key] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Kills only the service, like <c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Kills the postmaster of the data directory, like <c>kill -9</c>.</summary>
    public static void KillPostmaster(string dataFolder)
    {
        using var postmaster = Process.GetProcessById(
            int.Parse(File.ReadLines(Path.Combine(dataFolder, "postgres", "cluster", "postmaster.pid")).First(), null)
        );
        postmaster.Kill();
    }

    /// <summary>Kills the postmaster of the data directory and its children, like <c>kill -9</c>.</summary>
    public static void KillPostgres(string dataFolder)
    {
        using var postmaster = Process.GetProcessById(
            int.Parse(File.ReadLines(Path.Combine(dataFolder, "postgres", "cluster", "postmaster.pid")).First(), null)
        );
        postmaster.Kill(entireProcessTree: true);
    }

    /// <summary>Asks the service to stop, as Ctrl+C and service managers do, and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        // The object may be disposed twice if its successor did not start. An exception here would hide the cause of
        // the failure.
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_process.HasExited)
        {
            await StopAsync();
        }

        Client.Dispose();
        _process.Dispose();
        using (_audit)
        {
            TestLogs.Keep(Output);
            foreach (var file in Directory.GetFiles(_audit.Path))
            {
                TestLogs.Keep(await File.ReadAllTextAsync(file));
            }
        }
    }

    private async Task<bool> IsReadyAsync(Uri root)
    {
        Client.BaseAddress ??= root;
        try
        {
            using var response = await Client.GetAsync("health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // The service is ending. Its output contains the reason.
            return false;
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.Add(line.Data ?? "");
        }

        if (line.Data?.IndexOf(Announcement, StringComparison.Ordinal) is >= 0 and var begin)
        {
            _listens.TrySetResult(new Uri(line.Data[(begin + Announcement.Length)..].Trim() + "/"));
        }
    }
}
