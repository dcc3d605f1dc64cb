namespace IndustryData.Application.Runs;

/// <summary>The criteria that select runs: a filter and search terms.</summary>
/// <param name="Filter">The filter; null selects all runs.</param>
/// <param name="SearchTerms">The texts that must all occur in <c>displayName</c>, case-insensitive.</param>
public sealed record RunCriteria(IRunFilter? Filter, IReadOnlyList<string> SearchTerms)
{
    /// <summary>The criteria that select all runs.</summary>
    public static readonly RunCriteria All = new(null, []);
}
