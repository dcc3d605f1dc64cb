using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Environment;

namespace IndustryData.Benchmarks.Live;

/// <summary>The measurements of the streams of changes, with their goals.</summary>
/// <param name="postgres">The server.</param>
internal sealed class LiveComparisons(PrivatePostgres postgres)
{
    /// <summary>The name for <c>--only</c>.</summary>
    public const string Name = "live";

    private const int Watching = 100;
    private const int Idle = 500;

    private const string SameInstance = "service, same instance";
    private const string OtherInstance = "service, other instance";

    /// <summary>Compares writing with and without streams.</summary>
    /// <param name="write">
    /// The comparison of writing. Its contender of the service is driven with streams too, and its contender of the
    /// service before is kept.
    /// </param>
    /// <param name="systems">The systems on which they run.</param>
    public static Comparison Write(Comparison write, Systems systems)
    {
        var watched = $"{ComparisonList.Service}, {Watching} streams";
        var of = write.OfServices();
        var alone = of.Contenders.Single(c => c.Name == ComparisonList.Service);
        return of with
        {
            Name = Name,
            Title = $"{write.Title}, with and without {Watching} streams of changes",
            Contenders =
            [
                new WatchedContender(watched, alone, systems.Service, Watching) { IsService = true },
                .. of.Contenders,
            ],
            Goals =
            [
                Goal.Ratio($"with {Watching} streams ÷ with none", watched, ComparisonList.Service, atLeast: 0.95),
                .. of.Goals.Select(g => g with { AtLeast = 0.99 }),
                Figure(watched, WatchedContender.Told, "×", atLeast: 0.95),
                Figure(watched, WatchedContender.Counted, "", atLeast: 1),
                Figure(watched, WatchedContender.LongestGap, "ms"),
            ],
        };
    }

    /// <summary>Measures the time from a write to its event.</summary>
    public Comparison Delay(Systems systems)
    {
        DelayContender Of(string name, bool ofOtherInstance) =>
            new(name, systems.Service, postgres, ofOtherInstance)
            {
                Writes = new WrittenDatabase(systems.Database, EmptyFirst: true),
                IsService = true,
            };
        return new Comparison(
            "live-delay",
            "The time from the response to a write to its event on a stream; per second: writes",
            [Of(SameInstance, ofOtherInstance: false), Of(OtherInstance, ofOtherInstance: true)],
            [
                new Goal($"{SameInstance}, p95", "ms", o => o.Of(SameInstance).Select(m => m.P95), AtMost: 300),
                new Goal($"{OtherInstance}, p95", "ms", o => o.Of(OtherInstance).Select(m => m.P95), AtMost: 1_300),
            ]
        );
    }

    /// <summary>Measures the memory of idle streams.</summary>
    public Comparison Memory(Systems systems)
    {
        var name = $"service, {Idle} streams";
        return new Comparison(
            "live-memory",
            $"{Idle} idle streams; per second: streams opened",
            [new IdleStreamsContender(name, systems.Service, postgres, Idle) { IsService = true }],
            [
                Figure(name, IdleStreamsContender.KilobytesAStream, "KB", atMost: 20),
                Figure(name, IdleStreamsContender.ResidentKilobytesAStream, "KB"),
                Figure(name, IdleStreamsContender.Megabytes, "MB", atMost: 300),
            ]
        );
    }

    /// <summary>Measures the stop of a service with open streams.</summary>
    public static Comparison Stop(Systems systems)
    {
        var name = $"service, {Watching} streams";
        return new Comparison(
            "live-stop",
            $"The time from SIGTERM to the end of the process with {Watching} open streams (p50)",
            [new StopContender(name, systems.Service, Watching)],
            [new Goal("time to stop", "ms", o => o.Of(name).Select(m => m.P50), AtMost: 2_000)]
        );
    }

    private static Goal Figure(
        string contender,
        string figure,
        string unit,
        double? atLeast = null,
        double? atMost = null
    ) => new(figure, unit, o => o.Of(contender).Select(m => m.Figures[figure]), atLeast, atMost);
}
