using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.Live;
using IndustryData.Benchmarks.Measuring;
using IndustryData.Benchmarks.Pages;
using IndustryData.Benchmarks.Reporting;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>Makes the comparisons and writes the report.</summary>
internal static class CompareCommand
{
    private const int Connections = 64;

    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(20);

    /// <returns>
    /// 0 if all responses were correct and all acknowledged runs are stored; otherwise 1.
    /// </returns>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments) =>
        BenchmarkCommand.RunAsync(async cancellationToken =>
        {
            var settings = Settings.Read(arguments);
            if (settings.Only.Except(ComparisonList.Names).FirstOrDefault() is { } unknown)
            {
                throw new BenchmarkException($"{unknown} is not a comparison.\n{Settings.Usage}");
            }

            var report = await MeasureAsync(settings, cancellationToken);
            await ReportFiles.WriteAsync(report);
            return report.Outcomes.All(o => o.Failure is null) ? 0 : 1;
        });

    private static async Task<Report> MeasureAsync(Settings settings, CancellationToken cancellationToken)
    {
        Console.WriteLine("Publishing the service, starting PostgreSQL …");
        using var published = await PublishedService.PublishAsync(Checkout.Folder, cancellationToken);
        using var before = settings.BaselineCheckout is { } checkout
            ? await PublishedService.PublishAsync(checkout, cancellationToken)
            : null;
        await using var postgres = await PrivatePostgres.StartAsync(settings.Folder, cancellationToken);
        var list = new ComparisonList(postgres, Connections);
        var outcomes = new List<Outcome>();
        var allSystems = new List<Systems>();
        try
        {
            allSystems.Add(
                await Systems.StartAsync("runs_empty", null, postgres, published, before, cancellationToken)
            );
            var empty = allSystems[0];
            await CompareAsync("write", () => Task.FromResult(list.Write(empty)));
            await CompareAsync("write-one", () => Task.FromResult(list.WriteOne(empty)));
            await CompareAsync("batch", () => Task.FromResult(list.Batch(empty)));
            await CompareAsync("write-keyed", () => Task.FromResult(list.WriteKeyed(empty)));
            var live = new LiveComparisons(postgres);
            await CompareAsync(
                LiveComparisons.Name,
                () => Task.FromResult(LiveComparisons.Write(list.Write(empty), empty))
            );
            await CompareAsync(LiveComparisons.Name, () => Task.FromResult(live.Delay(empty)));
            await CompareAsync(LiveComparisons.Name, () => Task.FromResult(live.Memory(empty)));
            await CompareAsync(LiveComparisons.Name, () => Task.FromResult(LiveComparisons.Stop(empty)));
            if (ComparisonList.OnFull.Any(IsAsked))
            {
                var load = new Load(settings.Rows, DateTimeOffset.UtcNow.AddMinutes(-1));
                allSystems.Add(
                    await Systems.StartAsync("runs_full", load, postgres, published, before, cancellationToken)
                );
                var full = allSystems[1];
                await CompareAsync("list", () => Task.FromResult(list.List(full)));
                await CompareAsync("get", () => list.GetAsync(full, cancellationToken));
                await CompareAsync("page", () => list.PageAsync(full, settings.Rows, cancellationToken));
                await CompareAsync("count", () => Task.FromResult(list.Count(full)));
                var pages = new PageComparisons(postgres);
                await CompareAsync(
                    PageComparisons.Name,
                    () => pages.PagesAsync(full, settings.Rows, cancellationToken)
                );
                await CompareAsync(PageComparisons.Name, () => pages.DownloadAsync(full, cancellationToken));
                await CompareAsync("write-full", () => Task.FromResult(list.WriteFull(empty, full, settings.Rows)));
            }

            // This comparison is the last one, because its second process continues to run.
            await CompareAsync("two-services", () => list.TwoServicesAsync(empty, cancellationToken));
            var memory = await RestAsync(settings, outcomes, allSystems, cancellationToken);
            var facts = await MachineFacts.ReadAsync(settings, allSystems[0].Database, cancellationToken);
            return new Report(facts, settings, outcomes, memory);
        }
        finally
        {
            foreach (var systems in allSystems)
            {
                await systems.DisposeAsync();
            }
        }

        bool IsAsked(string name) => settings.Includes(name, isUsual: !ComparisonList.Unusual.Contains(name));

        async Task CompareAsync(string name, Func<Task<Comparison>> comparison)
        {
            if (!IsAsked(name))
            {
                return;
            }

            try
            {
                var made = await comparison();
                outcomes.Add(
                    await TakeTurnsAsync(settings.ServicesOnly ? made.OfServices() : made, settings, cancellationToken)
                );
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // The results of the previous comparisons are kept.
                Console.WriteLine($"  FAILED: {exception}");
                outcomes.Add(new Outcome(new Comparison(name, "", [], [])) { Failure = exception.Message });
            }
        }
    }

    private static async Task<Outcome> TakeTurnsAsync(
        Comparison comparison,
        Settings settings,
        CancellationToken cancellationToken
    )
    {
        Console.WriteLine($"\n{comparison.Title}");
        var outcome = new Outcome(comparison);
        try
        {
            for (var turn = 0; turn < settings.Alternations; turn++)
            {
                // In the first turn, the program has just started.
                var warmUp = settings.WarmUpSeconds * (turn == 0 ? settings.FirstWarmUps : 1);
                // The order is reversed in every second turn, so that no contender always follows the same one.
                var order = turn % 2 == 0 ? comparison.Contenders : comparison.Contenders.Reverse();
                foreach (var contender in order)
                {
                    var measured = await contender.MeasureAsync(warmUp, settings.Seconds, cancellationToken);
                    outcome.Add(contender.Name, measured);
                    Console.WriteLine(
                        $"  {turn + 1}  {contender.Name, -32} {measured.PerSecond, 10:N0} /s   "
                            + $"p50 {measured.P50, 8:N2} ms   p95 {measured.P95, 8:N2} ms   p99 {measured.P99, 8:N2} ms"
                    );
                }
            }
        }
        catch (BenchmarkException exception)
        {
            // The other comparisons continue, but the exit code is 1.
            outcome.Failure = exception.Message;
            Console.WriteLine($"  FAILED: {exception.Message}");
        }

        return outcome;
    }

    /// <summary>Waits until the services have been idle for a while, and reads their memory usage.</summary>
    private static async Task<MemoryUse> RestAsync(
        Settings settings,
        List<Outcome> outcomes,
        List<Systems> allSystems,
        CancellationToken cancellationToken
    )
    {
        await Task.Delay(settings.Seconds < Settings.LeastTelling ? TimeSpan.FromSeconds(1) : _rest, cancellationToken);
        var measured = outcomes
            .SelectMany(o => o.Comparison.Contenders.Where(c => c.IsService).SelectMany(c => o.Of(c.Name)))
            .Select(m => m.Usage.Resident ?? 0);
        var atRest = allSystems.Max(s => ProcessUsage.ResidentMegabytes(s.Service.Program.ProcessId));
        return new MemoryUse(measured.DefaultIfEmpty().Max(), atRest);
    }
}
