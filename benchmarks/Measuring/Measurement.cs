using System.Collections.ObjectModel;

namespace IndustryData.Benchmarks.Measuring;

/// <summary>The result of one contender in one turn.</summary>
/// <param name="PerSecond">The throughput, in units of the comparison per second.</param>
/// <param name="P50">The median latency in milliseconds.</param>
/// <param name="P95">The 95th percentile of the latency in milliseconds.</param>
/// <param name="P99">The 99th percentile of the latency in milliseconds.</param>
/// <param name="Usage">The resource usage.</param>
internal sealed record Measurement(double PerSecond, double P50, double P95, double P99, Usage Usage)
{
    /// <summary>Other figures by their names.</summary>
    public IReadOnlyDictionary<string, double> Figures { get; init; } = ReadOnlyDictionary<string, double>.Empty;
}

/// <summary>The median, the minimum and the maximum of some figures.</summary>
internal sealed record Spread(double Median, double Least, double Most)
{
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return new Spread(
            sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
            sorted[0],
            sorted[^1]
        );
    }
}
