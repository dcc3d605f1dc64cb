using System.Diagnostics;
using System.Text.Json;
using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.LoadGeneration;
using IndustryData.Benchmarks.Loading;
using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>A contender that consists of HTTP servers. The load generator drives them.</summary>
/// <param name="name">The name in the report.</param>
/// <param name="programs">The processes. The connections are distributed evenly over them.</param>
/// <param name="postgres">The PostgreSQL server whose processor time is measured.</param>
/// <param name="plan">
/// Returns the requests and the expected responses. The contender sets the ports and durations. The function is called
/// once for each turn.
/// </param>
internal sealed class HttpContender(
    string name,
    IReadOnlyList<WebProgram> programs,
    PrivatePostgres postgres,
    Func<Task<GeneratorPlan>> plan
) : Contender(name)
{
    // The load generator does not allocate memory during a measurement. The workstation garbage collector is therefore
    // sufficient, and it has no threads of its own.
    private static readonly Dictionary<string, string> _environment = new()
    {
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_TieredPGO"] = "0",
    };

    /// <summary>The number of counted units for each response.</summary>
    public int PerAnswer { get; init; } = 1;

    protected override async Task<Measurement> DriveAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        var ports = programs.Select(p => p.Port).ToList();
        var asked = await plan() with { Ports = ports, WarmUpSeconds = warmUpSeconds, Seconds = seconds };
        var (result, usage) = await GenerateAsync(asked, cancellationToken);
        if (result.Wrong > 0)
        {
            var output = string.Join('\n', programs.Select(p => p.Output));
            throw new BenchmarkException(
                $"{Name} gave {result.Wrong} incorrect responses. The first one: {result.FirstWrong}\n{output}"
            );
        }

        if (Writes is not null)
        {
            Writes.Database.Expect(result.Answers * PerAnswer, asked.UniqueAt is null ? 0 : result.Answers);
            await Writes.Database.CheckAsync(cancellationToken);
            if (Writes.ChecksCounts)
            {
                await RunCounts.CheckAsync(Writes.Database, Systems.Tenant, cancellationToken);
            }
        }

        return new Measurement(result.Measured * PerAnswer / result.Seconds, result.P50, result.P95, result.P99, usage);
    }

    private async Task<(GeneratorResult Result, Usage Usage)> GenerateAsync(
        GeneratorPlan asked,
        CancellationToken cancellationToken
    )
    {
        using var generator = Process.Start(ChildProcess.Self("generate-load", _environment))!;
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
                    case GeneratorCommand.Begin:
                        var processes = programs.Select(p => p.ProcessId).ToList();
                        watch = UsageWatch.Begin(processes, postgres.ProcessId, generator.Id);
                        break;
                    case GeneratorCommand.End:
                        usage = await watch!.EndAsync();
                        break;
                    default:
                        return (JsonSerializer.Deserialize<GeneratorResult>(line)!, usage!);
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
/// <param name="EmptyFirst">True if each turn begins with an empty table.</param>
internal sealed record WrittenDatabase(RunDatabase Database, bool EmptyFirst)
{
    /// <summary>True if the counts of the service are compared with the runs after each turn.</summary>
    public bool ChecksCounts { get; init; }

    /// <summary>
    /// Brings the database to the same state before each turn. A checkpoint writes the pages that the previous turn has
    /// changed, so that the next turn does not have to write them.
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
