namespace IndustryData.Domain.Runs;

/// <summary>A reported activity before validation. Any member may be absent or invalid.</summary>
public sealed record ActivityDraft
{
    /// <summary>
    /// The type, which gives the direction of the data flow. Without it, it is not known what was reported, so it is
    /// never absent.
    /// </summary>
    public required ActivityType Type { get; init; }

    /// <summary>The display name.</summary>
    public string? DisplayName { get; init; }

    /// <summary>The status.</summary>
    public ActivityStatus? Status { get; init; }

    /// <summary>The error that stopped the activity.</summary>
    public PublicError? BlockingError { get; init; }

    /// <summary>The flow that the activity carried out.</summary>
    public ActivityFlow? Activity { get; init; }

    /// <summary>Estimates the memory that its JSON documents occupy, in bytes.</summary>
    public long EstimateSize() =>
        sizeof(char) * ((long)(BlockingError?.Json.Length ?? 0) + (Activity?.Json.Length ?? 0));
}
