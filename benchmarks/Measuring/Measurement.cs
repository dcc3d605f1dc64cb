namespace IndustryData.Benchmarks.Measuring;

/// <summary>What one contender did in one turn.</summary>
/// <param name="PerSecond">How many of what is counted, each second.</param>
/// <param name="P50">Milliseconds that half of the requests took at most.</param>
/// <param name="P99">Milliseconds that 99 of 100 requests took at most.</param>
/// <param name="Usage">What it used.</param>
internal sealed record Measurement(double PerSecond, double P50, double P99, Usage Usage);

/// <summary>The middle of some figures, and how far they lie apart.</summary>
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
