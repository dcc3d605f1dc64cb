namespace IndustryData.Domain.Runs;

/// <summary>Something that a run carried out (Graph: <c>industryDataRunActivity</c>). Only its run adds and changes it.</summary>
public sealed class RunActivity
{
    /// <summary>The longest name, in UTF-16 code units.</summary>
    public const int MaxDisplayNameLength = 100;

    /// <summary>The largest error and the largest flow, in bytes as sent: a run's activities are read together, and there may be <see cref="Run.MaxActivities"/> of them.</summary>
    public const int MaxJsonBytes = 8 * 1024;

    // For the store, which fills the properties.
    private RunActivity()
    {
    }

    /// <summary>Whose run it belongs to.</summary>
    public TenantId TenantId { get; private init; }

    /// <summary>Which run it belongs to.</summary>
    public RunId RunId { get; private init; }

    /// <summary>Which activity of the run it is.</summary>
    public ActivityId Id { get; private init; }

    /// <summary>Which way it moves data.</summary>
    public ActivityType Type { get; private init; } = ActivityType.Inbound;

    /// <summary>What people call it.</summary>
    public DisplayName DisplayName { get; private set; }

    /// <summary>How it stands.</summary>
    public ActivityStatus Status { get; private set; } = ActivityStatus.InProgress;

    /// <summary>The error that stopped it, if one did.</summary>
    public PublicError? BlockingError { get; private set; }

    /// <summary>The flow that it carried out, if its reporter says.</summary>
    public ActivityFlow? Activity { get; private set; }

    internal static RunActivity Create(TenantId tenantId, RunId runId, int ordinal, ActivityDraft judged) => new()
    {
        TenantId = tenantId,
        RunId = runId,
        Id = ActivityId.New(runId, ordinal),
        Type = judged.Type!,
        DisplayName = new DisplayName(judged.DisplayName!),
        Status = judged.Status!,
        BlockingError = judged.BlockingError,
        Activity = judged.Activity,
    };

    /// <summary>The activity as it is now, which what is changed later leaves alone.</summary>
    public RunActivity Snapshot() => (RunActivity)MemberwiseClone();

    /// <summary>Changes what the patch sends.</summary>
    /// <returns>Whether anything changed, or why nothing may.</returns>
    internal Result<bool> Update(ActivityPatch patch)
    {
        var next = patch.ApplyTo(this);
        if (next.Type is not null && next.Type != Type)
        {
            return RunErrors.ActivityTypeIsFinal(Type);
        }

        if (Status.IsTerminal && next.Status is not null && next.Status != Status)
        {
            return RunErrors.ActivityStatusIsFinal(Status, next.Status);
        }

        if (next.Validate().ToArray() is { Length: > 0 } faults)
        {
            return Error.Aggregate(faults);
        }

        if (DisplayName.Value == next.DisplayName && Status == next.Status && BlockingError == next.BlockingError && Activity == next.Activity)
        {
            return false;
        }

        (DisplayName, Status, BlockingError, Activity) = (new DisplayName(next.DisplayName!), next.Status!, next.BlockingError, next.Activity);
        return true;
    }
}
