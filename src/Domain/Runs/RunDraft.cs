namespace IndustryData.Domain.Runs;

/// <summary>A run as somebody reported it, not judged yet: any member may be absent or wrong.</summary>
public sealed record RunDraft
{
    /// <summary>What people call it.</summary>
    public string? DisplayName { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset? StartDateTime { get; init; }

    /// <summary>When it ended; of a running run, when its reporter expects it to end.</summary>
    public DateTimeOffset? EndDateTime { get; init; }

    /// <summary>How it stands.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>What it counted.</summary>
    public RunStatistics? Statistics { get; init; }

    /// <summary>The error that stopped it.</summary>
    public PublicError? BlockingError { get; init; }

    /// <summary>What it carried out.</summary>
    public IReadOnlyList<ActivityDraft> Activities { get; init; } = [];

    /// <summary>Estimates how many bytes of memory its JSON documents occupy.</summary>
    public long EstimateSize() => sizeof(char) * ((long)(Statistics?.Json.Length ?? 0) + (BlockingError?.Json.Length ?? 0));
}
