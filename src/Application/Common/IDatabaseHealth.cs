namespace IndustryData.Application.Common;

/// <summary>Reports the availability of the database, its version and its clock.</summary>
public interface IDatabaseHealth
{
    /// <summary>The current outage; null while the database is available.</summary>
    DatabaseOutage? Outage { get; }

    /// <summary>The outage for writes; null while the database accepts writes. A standby accepts only reads.</summary>
    DatabaseOutage? WriteOutage { get; }

    /// <summary>The version of the server, such as <c>17.2</c>; null until the database has answered.</summary>
    string? ServerVersion { get; }

    /// <summary>
    /// The time by which the clock of the server is ahead of that of this machine; null until it is known. It is exact
    /// to half a second.
    /// </summary>
    TimeSpan? ClockDifference => null;

    /// <summary>
    /// The hosts other than the primary, in the order of the connection string; none if reads do not go to standbys.
    /// </summary>
    IReadOnlyList<StandbyStatus> Standbys => [];

    /// <summary>Classifies and records an exception from a message handler.</summary>
    /// <returns>The outage that caused the exception; null if the exception has another cause.</returns>
    DatabaseOutage? Classify(Exception exception);
}

/// <summary>The state of a standby.</summary>
/// <param name="IsUsed">True if reads go to it.</param>
/// <param name="Lag">The time by which it is behind the primary; null if this is unknown.</param>
public sealed record StandbyStatus(bool IsUsed, TimeSpan? Lag);

/// <summary>The reason why the database is unavailable.</summary>
/// <param name="Code">The cause in camelCase.</param>
/// <param name="Message">
/// The message for the caller: the problem, and the person who can resolve it. The code that knows the outcome of the
/// request adds that outcome. The message contains no host, path, or SQL.
/// </param>
/// <param name="RetryAfter">The time to wait before a retry.</param>
/// <param name="NothingWasStored">True if the request was refused before any of its data was stored.</param>
public sealed record DatabaseOutage(string Code, string Message, TimeSpan RetryAfter, bool NothingWasStored = false)
{
    /// <summary>The code of a query that took longer than the time limit. The database is available.</summary>
    public const string QueryTimeoutCode = "queryTimeout";
}
