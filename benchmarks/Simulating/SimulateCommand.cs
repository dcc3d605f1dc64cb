using System.Collections.ObjectModel;
using System.Diagnostics;
using System.Text.Json;
using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.Loading;
using IndustryData.Benchmarks.Measuring;
using IndustryData.Benchmarks.Reporting;

namespace IndustryData.Benchmarks.Simulating;

/// <summary>
/// Simulates a day of a large installation: it replays a slice with the arrivals of the day against one or more
/// instances on one database, and extrapolates what it measures to the day.
/// </summary>
internal static class SimulateCommand
{
    private const int ConnectionsPerInstance = 64;

    private const int Seed = 1;

    // The tenth largest tenant. Of one with more changes, an event has only their number.
    private const int FollowedTenant = 9;

    // A day has far more runs than a quarter of other installations.
    private static readonly ReadOnlyDictionary<string, string> _width = new(
        new Dictionary<string, string> { ["Partitions__Width"] = "day" }
    );

    private static readonly Dictionary<string, string> _environment = new() { ["DOTNET_gcServer"] = "0" };

    /// <returns>0 if all responses were correct and all acknowledged runs are stored; otherwise 1.</returns>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments) =>
        BenchmarkCommand.RunAsync(async cancellationToken =>
        {
            var report = await SimulateAsync(SimulationSettings.Read(arguments), cancellationToken);
            await ReportFiles.WriteAsync($"simulation-{ReportFiles.NameAt(DateTimeOffset.UtcNow)}", report);
            return 0;
        });

    private static async Task<string> SimulateAsync(SimulationSettings settings, CancellationToken cancellationToken)
    {
        Console.WriteLine("Publishing the service, starting PostgreSQL …");
        using var published = await PublishedService.PublishAsync(Checkout.Folder, cancellationToken);
        await using var postgres = await PrivatePostgres.StartAsync(settings.Folder, cancellationToken);
        var slices = new List<Slice>();
        foreach (var instances in settings.Instances)
        {
            var database = await postgres.CreateDatabaseAsync($"day_of_{instances}", cancellationToken);
            await published.MigrateAsync(database, cancellationToken);
            var tenants = Enumerable.Range(1, settings.Tenants).Select(n => new Guid(n, 0, 0x4000, new byte[8]));
            var tokens = await published.TokensAsync(database, [.. tenants], cancellationToken);
            var programs = new List<WebProgram>();
            try
            {
                for (var i = 0; i < instances; i++)
                {
                    programs.Add(await published.StartAsync(database, _width, cancellationToken));
                }

                slices.Add(await ReplayAsync(settings, programs, postgres, database, tokens, cancellationToken));
            }
            finally
            {
                foreach (var program in programs)
                {
                    await program.DisposeAsync();
                }
            }
        }

        return SimulationReport.Write(settings, slices);
    }

    private static async Task<Slice> ReplayAsync(
        SimulationSettings settings,
        List<WebProgram> programs,
        PrivatePostgres postgres,
        RunDatabase database,
        IReadOnlyList<string> tokens,
        CancellationToken cancellationToken
    )
    {
        var plan = new ReplayPlan(
            [.. programs.Select(p => p.Port)],
            ConnectionsPerInstance * programs.Count,
            settings.Runs,
            settings.Arrivals,
            settings.Seconds,
            tokens,
            Seed
        );

        // The code of the service is compiled while it runs, which a service that runs all day has done long ago.
        Console.WriteLine($"{programs.Count} instances: warming up …");
        var warmUp = plan with { Arrivals = Math.Max(1, plan.Arrivals / 4), Seconds = plan.Seconds / 4, Seed = 0 };
        var (before, _) = await ReplayAsync(warmUp, programs, postgres, cancellationToken);
        await database.ExecuteAsync("CHECKPOINT", cancellationToken);

        Console.WriteLine($"{programs.Count} instances: replaying {plan.Arrivals:N0} runs …");
        var (bytes, wal) = (await BytesAsync(), await WalAsync());
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var probe = new DeltaProbe(programs[0], programs[^1], tokens[Math.Min(FollowedTenant, tokens.Count - 1)]);
        var probing = probe.RunAsync(end.Token);
        var (result, usage) = await ReplayAsync(plan, programs, postgres, cancellationToken);
        await end.CancelAsync();
        await probing;
        var runs = result.Acknowledged + probe.Written;
        database.Expect(before.Acknowledged + runs);
        await database.CheckAsync(cancellationToken);
        await RunCounts.CheckAsync(database, new Guid(1, 0, 0x4000, new byte[8]), cancellationToken);
        return new Slice(
            programs.Count,
            result,
            probe.Delays,
            (double)(await BytesAsync() - bytes) / runs,
            (double)(await WalAsync() - wal) / runs,
            usage
        );

        Task<long> BytesAsync() =>
            database.ReadAsync<long>(
                "SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits "
                    + "WHERE inhparent IN ('runs'::regclass, 'run_activities'::regclass)",
                cancellationToken
            );

        Task<long> WalAsync() =>
            database.ReadAsync<long>("SELECT (pg_current_wal_lsn() - '0/0')::bigint", cancellationToken);
    }

    private static async Task<(ReplayResult Result, Usage Usage)> ReplayAsync(
        ReplayPlan plan,
        List<WebProgram> programs,
        PrivatePostgres postgres,
        CancellationToken cancellationToken
    )
    {
        using var replay = Process.Start(ChildProcess.Self("replay-day", _environment))!;
        try
        {
            var errors = replay.StandardError.ReadToEndAsync(cancellationToken);
            await JsonSerializer.SerializeAsync(
                replay.StandardInput.BaseStream,
                plan,
                cancellationToken: cancellationToken
            );
            replay.StandardInput.Close();
            var watch = UsageWatch.Begin([.. programs.Select(p => p.ProcessId)], postgres.ProcessId, replay.Id);
            var line = await replay.StandardOutput.ReadLineAsync(cancellationToken);
            var usage = await watch.EndAsync();
            var result = line is not null
                ? JsonSerializer.Deserialize<ReplayResult>(line)!
                : throw new BenchmarkException($"The replay failed: {await errors}");
            return result.Wrong == 0
                ? (result, usage)
                : throw new BenchmarkException(
                    $"{result.Wrong} incorrect responses. The first one: {result.FirstWrong}\n"
                        + string.Join('\n', programs.Select(p => p.Output))
                );
        }
        finally
        {
            if (!replay.WaitForExit(TimeSpan.FromSeconds(5)))
            {
                replay.Kill();
            }
        }
    }
}
