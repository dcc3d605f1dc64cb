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

/// <summary>The properties of a run that a <see cref="RunPatch"/> can set.</summary>
[Flags]
public enum RunPatchProperties
{
    /// <summary>No property.</summary>
    None = 0,

    /// <inheritdoc cref="RunDraft.DisplayName" />
    DisplayName = 1,

    /// <inheritdoc cref="RunDraft.StartDateTime" />
    StartDateTime = 1 << 1,

    /// <inheritdoc cref="RunDraft.EndDateTime" />
    EndDateTime = 1 << 2,

    /// <inheritdoc cref="RunDraft.Status" />
    Status = 1 << 3,

    /// <inheritdoc cref="RunDraft.Statistics" />
    Statistics = 1 << 4,

    /// <inheritdoc cref="RunDraft.BlockingError" />
    BlockingError = 1 << 5,
}

/// <summary>A partial update of a run. Other properties keep their values.</summary>
/// <param name="Values">The new values.</param>
/// <param name="Properties">The properties to set. The value of each is in <paramref name="Values"/>, or null.</param>
public sealed record RunPatch(RunDraft Values, RunPatchProperties Properties)
{
    /// <summary>Checks whether the patch sets properties.</summary>
    /// <returns>True if it sets all of these properties.</returns>
    public bool Sets(RunPatchProperties properties) => (Properties & properties) == properties;

    /// <summary>Returns the values of the run after the update. Statistics and error are replaced as a whole.</summary>
    internal RunDraft ApplyTo(Run run) =>
        new()
        {
            DisplayName = Sets(RunPatchProperties.DisplayName) ? Values.DisplayName : run.DisplayName.Value,
            StartDateTime = Sets(RunPatchProperties.StartDateTime) ? Values.StartDateTime : run.StartDateTime,
            EndDateTime = Sets(RunPatchProperties.EndDateTime) ? Values.EndDateTime : run.EndDateTime,
            Status = Sets(RunPatchProperties.Status) ? Values.Status : run.Status,
            Statistics = Sets(RunPatchProperties.Statistics) ? Values.Statistics : run.Statistics,
            BlockingError = Sets(RunPatchProperties.BlockingError) ? Values.BlockingError : run.BlockingError,
        };
}
