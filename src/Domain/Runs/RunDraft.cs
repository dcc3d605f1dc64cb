namespace IndustryData.Domain.Runs;

/// <summary>A reported run before validation. Any member may be absent or invalid.</summary>
public sealed record RunDraft
{
    /// <summary>The display name.</summary>
    public string? DisplayName { get; init; }

    /// <summary>The start time.</summary>
    public DateTimeOffset? StartDateTime { get; init; }

    /// <summary>The end time. For a running run, the expected end time.</summary>
    public DateTimeOffset? EndDateTime { get; init; }

    /// <summary>The status.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>The statistics.</summary>
    public RunStatistics? Statistics { get; init; }

    /// <summary>The error that stopped the run.</summary>
    public PublicError? BlockingError { get; init; }

    /// <summary>The activities that the run carried out.</summary>
    public IReadOnlyList<ActivityDraft> Activities { get; init; } = [];

    /// <summary>Estimates the memory that its JSON documents occupy, in bytes.</summary>
    public long EstimateSize() =>
        sizeof(char) * ((long)(Statistics?.Json.Length ?? 0) + (BlockingError?.Json.Length ?? 0));
}
