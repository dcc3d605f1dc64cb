namespace IndustryData.Application.Runs;

/// <summary>
/// The total time used by the queries of one request. It is limited by <see cref="ReadTimeoutOptions.Timeout"/>.
/// </summary>
/// <remarks>Not thread-safe: a request runs its queries one after the other.</remarks>
public sealed record QueryTime
{
    /// <summary>The time taken so far. Waiting for a connection does not count.</summary>
    public TimeSpan Used { get; private set; }

    /// <summary>Adds the time of a query.</summary>
    public void Add(TimeSpan time) => Used += time;
}
