namespace IndustryData.Application.Runs;

/// <summary>How much of the database one query may take.</summary>
public sealed record QueryLimit
{
    /// <summary>How long a list, a count or a sum may take in the database; then it is cancelled there.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}
