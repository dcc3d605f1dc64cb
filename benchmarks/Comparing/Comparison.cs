using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>A comparison of contenders that do the same work.</summary>
/// <param name="Name">The name of the comparison for <c>--only</c>.</param>
/// <param name="Title">The description of the work.</param>
/// <param name="Contenders">The contenders in the order in which they take turns.</param>
/// <param name="Goals">The figures and goals of the comparison.</param>
internal sealed record Comparison(
    string Name,
    string Title,
    IReadOnlyList<Contender> Contenders,
    IReadOnlyList<Goal> Goals
)
{
    /// <summary>Returns the comparison of the service with the service before alone.</summary>
    public Comparison OfServices() =>
        this with
        {
            Contenders =
            [
                .. Contenders.Where(c => c.Name.StartsWith(ComparisonList.Service, StringComparison.Ordinal)),
            ],
            Goals = [.. Goals.Where(g => g.IsAgainstBefore)],
        };
}

/// <summary>
/// A figure of a comparison and its goal. If both limits are null, the figure has no goal and is only shown.
/// </summary>
/// <param name="Text">The description of the figure.</param>
/// <param name="Unit">The unit of the figure: <c>×</c>, <c>ms</c>, <c>KB</c> or <c>MB</c>; empty for a number.</param>
/// <param name="Value">Returns the figure of each turn.</param>
/// <param name="AtLeast">The lower limit of the goal, or null.</param>
/// <param name="AtMost">The upper limit of the goal, or null.</param>
internal sealed record Goal(
    string Text,
    string Unit,
    Func<Outcome, IEnumerable<double>> Value,
    double? AtLeast = null,
    double? AtMost = null
)
{
    /// <summary>True if the figure compares the service with the service before.</summary>
    public bool IsAgainstBefore { get; private init; }

    /// <summary>Creates a figure for the ratio of the throughputs of two contenders in each turn.</summary>
    public static Goal Ratio(string text, string one, string other, double? atLeast = null) =>
        new(text, "×", o => o.Each(one, other, (a, b) => a.PerSecond / b.PerSecond), atLeast);

    /// <summary>
    /// Creates a figure for the ratio of the throughputs of the service and the service before in each turn.
    /// </summary>
    /// <param name="service">The contender of the service.</param>
    /// <param name="before">The contender of the service before for the same work.</param>
    public static Goal AgainstBefore(string service, string before) =>
        Ratio($"{service} ÷ {before}, per second; above 1: faster than before", service, before) with
        {
            IsAgainstBefore = true,
        };

    /// <summary>Compares the median of the figure with the goal.</summary>
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

/// <summary>A goal and the measured figure.</summary>
internal sealed record GoalResult(string Text, string Unit, Spread Value, double? AtLeast, double? AtMost, bool? IsMet);

/// <summary>The results of the contenders of a comparison in each turn.</summary>
internal sealed class Outcome(Comparison comparison)
{
    private readonly Dictionary<string, List<Measurement>> _turns = comparison.Contenders.ToDictionary(
        c => c.Name,
        _ => new List<Measurement>()
    );

    public Comparison Comparison { get; } = comparison;

    /// <summary>The reason why the figures are not reliable, or null if they are reliable.</summary>
    public string? Failure { get; set; }

    /// <summary>Returns the results of a contender.</summary>
    public IReadOnlyList<Measurement> Of(string contender) => _turns[contender];

    public void Add(string contender, Measurement measurement) => _turns[contender].Add(measurement);

    /// <summary>Returns a figure of two contenders for each turn.</summary>
    public IEnumerable<double> Each(string one, string other, Func<Measurement, Measurement, double> figure) =>
        Of(one).Zip(Of(other), figure);

    /// <summary>Returns the results for the goals. The list is empty if the comparison failed.</summary>
    public IReadOnlyList<GoalResult> Judge() => Failure is null ? [.. Comparison.Goals.Select(g => g.Judge(this))] : [];
}
