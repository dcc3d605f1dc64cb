namespace IndustryData.Domain.Runs;

/// <summary>The limit on the runs that the service starts for a tenant within a sliding window.</summary>
/// <param name="MaxStarts">The maximum number of starts within the window.</param>
/// <param name="Window">The length of the window, which ends now.</param>
public sealed record StartRateLimit(int MaxStarts, TimeSpan Window)
{
    /// <summary>Returns the instant at which the window begins. A start at this instant is outside of it.</summary>
    public DateTimeOffset WindowStart(DateTimeOffset now) => now - Window;

    /// <summary>Decides whether another run may be started.</summary>
    /// <param name="starts">The times of the tenant's earlier starts, in any order. Older ones do not count.</param>
    /// <param name="now">The current time of the server.</param>
    /// <returns>
    /// Null if it may; otherwise the error, with the time until enough of the starts have left the window.
    /// </returns>
    public Error? Check(IEnumerable<DateTimeOffset> starts, DateTimeOffset now)
    {
        var windowStart = WindowStart(now);
        var newest = starts.Where(s => s > windowStart).OrderDescending().Take(MaxStarts).ToList();
        if (newest.Count < MaxStarts)
        {
            return null;
        }

        return RunErrors.StartRateLimitExceeded(
            MaxStarts,
            Window,
            retryAfter: newest is [.., var oldest] ? oldest - windowStart : Window
        );
    }
}
