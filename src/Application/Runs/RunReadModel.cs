using IndustryData.Domain.Runs;

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
)
{
    /// <summary>Returns the list item of the run, with its statistics.</summary>
    /// <param name="activities">The activities; null if not requested.</param>
    public RunListItem ToListItem(ActivityPage? activities) =>
        new(
            Id,
            DisplayName,
            StartDateTime,
            EndDateTime,
            Status,
            BlockingError,
            CreatedDateTime,
            LastModifiedDateTime,
            Version,
            Statistics,
            activities
        );
}

/// <summary>The list item of a run. It contains the statistics, which may be large, only on request.</summary>
/// <inheritdoc cref="RunResponse" />
/// <param name="Activities">
/// The activities in the order in which they were added, up to the size limit of the response; null if not requested.
/// </param>
public sealed record RunListItem(
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
)
{
    /// <summary>Returns the complete run.</summary>
    public RunResponse ToResponse(string statistics) =>
        new(
            Id,
            DisplayName,
            StartDateTime,
            EndDateTime,
            Status,
            statistics,
            BlockingError,
            CreatedDateTime,
            LastModifiedDateTime,
            Version
        );

    /// <summary>Returns the value by which a list is ordered. A status is represented by its number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No list is ordered by the field.</exception>
    public object? SortKey(RunField field) =>
        field switch
        {
            RunField.Id => Id,
            RunField.DisplayName => DisplayName,
            RunField.StartDateTime => StartDateTime,
            RunField.EndDateTime => EndDateTime,
            RunField.Status => RunStatus.FromName(Status)!.Number,
            RunField.CreatedDateTime => CreatedDateTime,
            RunField.LastModifiedDateTime => LastModifiedDateTime,
            _ => throw new ArgumentOutOfRangeException(nameof(field), field, "No list is ordered by this."),
        };
}

/// <summary>The fields by which runs can be filtered and ordered.</summary>
public enum RunField
{
    /// <summary>The id as text, in lower case.</summary>
    Id,

    /// <summary>Text, compared by code point.</summary>
    DisplayName,

    /// <summary>An instant.</summary>
    StartDateTime,

    /// <summary>An instant or null. Null sorts lowest.</summary>
    EndDateTime,

    /// <summary>The status, compared by its number.</summary>
    Status,

    /// <summary>The blocking error. It can only be compared with null.</summary>
    BlockingError,

    /// <summary>Text or null.</summary>
    BlockingErrorCode,

    /// <summary>Text or null.</summary>
    BlockingErrorMessage,

    /// <summary>Text or null.</summary>
    BlockingErrorTarget,

    /// <summary>An instant.</summary>
    CreatedDateTime,

    /// <summary>An instant.</summary>
    LastModifiedDateTime,

    /// <summary>A count in <c>statistics/inboundTotals</c>, or null.</summary>
    Errors,

    /// <inheritdoc cref="Errors" />
    Warnings,

    /// <inheritdoc cref="Errors" />
    Groups,

    /// <inheritdoc cref="Errors" />
    Memberships,

    /// <inheritdoc cref="Errors" />
    Organizations,

    /// <inheritdoc cref="Errors" />
    People,
}
