using System.Diagnostics;
using System.Text.Json;
using IndustryData.Benchmarks.Driving;
using IndustryData.Benchmarks.Loading;
using IndustryData.Benchmarks.Measuring;
using IndustryData.Benchmarks.Stage;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>Processes that answer HTTP, driven by the load generator.</summary>
/// <param name="name">What the table calls it.</param>
/// <param name="programs">The processes, over which the connections are spread evenly.</param>
/// <param name="postgres">The server whose processor time is told.</param>
/// <param name="plan">
/// The requests and what is right to answer; its ports and times are filled in here. Called once for each turn.
/// </param>
internal sealed class HttpContender(
    string name,
    IReadOnlyList<WebProgram> programs,
    PrivatePostgres postgres,
    Func<Task<DrivePlan>> plan
) : Contender(name)
{
    // The generator allocates nothing while it drives: the plain collector will do, and has no threads of its own.
    private static readonly Dictionary<string, string> _environment = new()
    {
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_TieredPGO"] = "0",
    };

    /// <summary>Where an answer has stored runs; null when it stores nothing.</summary>
    public WrittenDatabase? Writes { get; init; }

    /// <summary>How many of what is counted an answer stands for.</summary>
    public int PerAnswer { get; init; } = 1;

    public override async Task<Measurement> MeasureAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        if (Writes is not null)
        {
            await Writes.PrepareAsync(cancellationToken);
        }

        var ports = programs.Select(p => p.Port).ToList();
        var asked = await plan() with { Ports = ports, WarmUpSeconds = warmUpSeconds, Seconds = seconds };
        var (result, usage) = await DriveAsync(asked, cancellationToken);
        if (result.Wrong > 0)
        {
            var output = string.Join('\n', programs.Select(p => p.Output));
            throw new BenchmarkException(
                $"{Name} answered wrongly {result.Wrong} times, first: {result.FirstWrong}\n{output}"
            );
        }

        if (Writes is not null)
        {
            Writes.Database.Expect(result.Answers * PerAnswer, asked.UniqueAt is null ? 0 : result.Answers);
            await Writes.Database.CheckAsync(cancellationToken);
            if (Writes.ChecksCounts)
            {
                await RunCounts.CheckAsync(Writes.Database, Side.Tenant, cancellationToken);
            }
        }

        return new Measurement(result.Measured * PerAnswer / result.Seconds, result.P50, result.P99, usage);
    }

    private async Task<(DriveResult Result, Usage Usage)> DriveAsync(
        DrivePlan asked,
        CancellationToken cancellationToken
    )
    {
        using var generator = Process.Start(ChildProcess.Self("drive", _environment))!;
        try
        {
            var errors = generator.StandardError.ReadToEndAsync(cancellationToken);
            await JsonSerializer.SerializeAsync(
                generator.StandardInput.BaseStream,
                asked,
                cancellationToken: cancellationToken
            );
            generator.StandardInput.Close();
            UsageWatch? watch = null;
            Usage? usage = null;
            while (await generator.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                switch (line)
                {
                    case DriveCommand.Begin:
                        var processes = programs.Select(p => p.ProcessId).ToList();
                        watch = UsageWatch.Begin(processes, postgres.ProcessId, generator.Id);
                        break;
                    case DriveCommand.End:
                        usage = await watch!.EndAsync();
                        break;
                    default:
                        return (JsonSerializer.Deserialize<DriveResult>(line)!, usage!);
                }
            }

            throw new BenchmarkException($"The load generator failed: {await errors}");
        }
        finally
        {
            if (!generator.WaitForExit(TimeSpan.FromSeconds(5)))
            {
                generator.Kill();
            }
        }
    }
}

/// <summary>A database that contenders write to.</summary>
/// <param name="Database">The database.</param>
/// <param name="EmptyFirst">Whether each turn begins with an empty table.</param>
internal sealed record WrittenDatabase(RunDatabase Database, bool EmptyFirst)
{
    /// <summary>Whether the service's own counts are compared with the runs after each turn.</summary>
    public bool ChecksCounts { get; init; }

    /// <summary>
    /// Lets each turn begin alike: nobody pays for the pages that the one before has left to be written.
    /// </summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (EmptyFirst)
        {
            await Database.EmptyAsync(cancellationToken);
        }

        await Database.ExecuteAsync("CHECKPOINT", cancellationToken);
    }
}
