using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>Contenders that do the same work, and what is said of them.</summary>
/// <param name="Name">What <c>--only</c> calls it.</param>
/// <param name="Title">What is done.</param>
/// <param name="Contenders">Who does it, in the order in which they take turns.</param>
/// <param name="Goals">What is said of them.</param>
internal sealed record Comparison(
    string Name,
    string Title,
    IReadOnlyList<Contender> Contenders,
    IReadOnlyList<Goal> Goals
);

/// <summary>A figure of a comparison, and what it should be.</summary>
/// <param name="Text">What it is.</param>
/// <param name="Unit">Its unit: <c>×</c>, <c>ms</c> or <c>MB</c>.</param>
/// <param name="Value">The figure of each turn.</param>
/// <param name="AtLeast">What it should be at least; null: see the next.</param>
/// <param name="AtMost">What it should be at most; null for both: it is only shown.</param>
internal sealed record Goal(
    string Text,
    string Unit,
    Func<Outcome, IEnumerable<double>> Value,
    double? AtLeast = null,
    double? AtMost = null
)
{
    /// <summary>Throughput of one contender over that of another, turn by turn.</summary>
    public static Goal Ratio(string text, string one, string other, double? atLeast = null) =>
        new(text, "×", o => o.Each(one, other, (a, b) => a.PerSecond / b.PerSecond), atLeast);

    /// <summary>Throughput of the service over that of the service before, turn by turn.</summary>
    /// <param name="service">The service's contender.</param>
    /// <param name="before">The contender of the service before, which does the same.</param>
    public static Goal AgainstBefore(string service, string before) =>
        Ratio($"{service} ÷ {before}, per second; above 1: faster than before", service, before);

    /// <summary>What the median came to.</summary>
    public GoalResult Judge(Outcome outcome)
    {
        var spread = Spread.Of(Value(outcome));
        bool? isMet =
            AtLeast is { } least ? spread.Median >= least
            : AtMost is { } most ? spread.Median <= most
            : null;
        return new GoalResult(Text, Unit, spread, AtLeast, AtMost, isMet);
    }
}

/// <summary>A goal, and what the figure came to.</summary>
internal sealed record GoalResult(string Text, string Unit, Spread Value, double? AtLeast, double? AtMost, bool? IsMet);

/// <summary>What the contenders of a comparison did, turn by turn.</summary>
internal sealed class Outcome(Comparison comparison)
{
    private readonly Dictionary<string, List<Measurement>> _turns = comparison.Contenders.ToDictionary(
        c => c.Name,
        _ => new List<Measurement>()
    );

    public Comparison Comparison { get; } = comparison;

    /// <summary>Why its figures cannot be trusted; null when they can.</summary>
    public string? Failure { get; set; }

    /// <summary>What one contender did.</summary>
    public IReadOnlyList<Measurement> Of(string contender) => _turns[contender];

    public void Add(string contender, Measurement measurement) => _turns[contender].Add(measurement);

    /// <summary>A figure of each turn of two contenders.</summary>
    public IEnumerable<double> Each(string one, string other, Func<Measurement, Measurement, double> figure) =>
        Of(one).Zip(Of(other), figure);

    /// <summary>What came of the goals; none when the comparison failed.</summary>
    public IReadOnlyList<GoalResult> Judge() => Failure is null ? [.. Comparison.Goals.Select(g => g.Judge(this))] : [];
}
