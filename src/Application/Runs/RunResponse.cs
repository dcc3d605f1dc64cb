namespace IndustryData.Application.Runs;

/// <summary>The response model of a run.</summary>
/// <param name="Id">A UUIDv7.</param>
/// <param name="DisplayName">The display name.</param>
/// <param name="StartDateTime">The start time in UTC.</param>
/// <param name="EndDateTime">The actual or expected end time in UTC; null if unknown.</param>
/// <param name="Status">The name of the status.</param>
/// <param name="Statistics">The statistics as a JSON object.</param>
/// <param name="BlockingError">The error that stopped it, as a JSON object, or null.</param>
/// <param name="CreatedDateTime">The time at which the server added the run, in UTC.</param>
/// <param name="LastModifiedDateTime">The time of the last change on the server, in UTC.</param>
/// <param name="Version">The version, which increases with every change.</param>
public sealed record RunResponse(
    Guid Id,
    string DisplayName,
    DateTimeOffset StartDateTime,
    DateTimeOffset? EndDateTime,
    string Status,
    string Statistics,
    string? BlockingError,
    DateTimeOffset CreatedDateTime,
    DateTimeOffset LastModifiedDateTime,
    long Version
);

/// <summary>
/// The list item of a run. It contains the statistics, which may be large, only on request. It is a struct because
/// items are streamed and not retained.
/// </summary>
/// <inheritdoc cref="RunResponse" />
/// <param name="Activities">
/// The activities in the order in which they were added, up to the size limit of the response; null if not requested.
/// </param>
public readonly record struct RunListItem(
    Guid Id,
    string DisplayName,
    DateTimeOffset StartDateTime,
    DateTimeOffset? EndDateTime,
    string Status,
    string? BlockingError,
    DateTimeOffset CreatedDateTime,
    DateTimeOffset LastModifiedDateTime,
    long Version,
    string? Statistics = null,
    ActivityPage? Activities = null
);
