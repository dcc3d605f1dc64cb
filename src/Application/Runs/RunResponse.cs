namespace IndustryData.Application.Runs;

/// <summary>A run as it is read back.</summary>
/// <param name="Id">A UUIDv7.</param>
/// <param name="DisplayName">What people call it.</param>
/// <param name="StartDateTime">When it began, UTC.</param>
/// <param name="EndDateTime">When it ended or is expected to, UTC; null while nobody knows.</param>
/// <param name="Status">How it stands, by name.</param>
/// <param name="Statistics">What it counted, a JSON object.</param>
/// <param name="BlockingError">The error that stopped it, a JSON object, or null.</param>
/// <param name="CreatedDateTime">When the server took it in, UTC.</param>
/// <param name="LastModifiedDateTime">When the server last changed it, UTC.</param>
/// <param name="Version">Grows with every change.</param>
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
    long Version);

/// <summary>A run as a list shows it: without the statistics, which may be large, unless somebody asks for them. A struct, because pages of them pass by and nobody keeps one.</summary>
/// <inheritdoc cref="RunResponse" />
/// <param name="Activities">Its activities in the order in which they were added, as many as the answer has room for; null when nobody asked.</param>
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
    ActivityPage? Activities = null);
