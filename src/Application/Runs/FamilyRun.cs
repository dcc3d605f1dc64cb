using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>A run as compared with other runs of its family.</summary>
/// <param name="Id">The id.</param>
/// <param name="DisplayName">The display name.</param>
/// <param name="StartDateTime">The start time in UTC.</param>
/// <param name="EndDateTime">The actual or expected end time in UTC; null if unknown.</param>
/// <param name="Status">The name of the status.</param>
/// <param name="Totals">The inbound totals.</param>
public sealed record FamilyRun(
    Guid Id,
    string DisplayName,
    DateTimeOffset StartDateTime,
    DateTimeOffset? EndDateTime,
    string Status,
    InboundTotals Totals
)
{
    /// <summary>The family.</summary>
    public string Family { get; } = RunFamily.Of(DisplayName);

    /// <summary>The time from start to end; null while the run is running.</summary>
    public TimeSpan? Duration => Status == RunStatus.Running.Name ? null : EndDateTime - StartDateTime;
}

/// <summary>The position of a run in the order of start times.</summary>
/// <param name="StartDateTime">The start time.</param>
/// <param name="Id">The id, which orders runs of the same start time.</param>
public readonly record struct RunPosition(DateTimeOffset StartDateTime, Guid Id);
