namespace IndustryData.Domain.Runs;

/// <summary>
/// An activity that a run carried out. Only the run adds and changes it.
/// </summary>
public sealed class RunActivity
{
    /// <summary>The maximum length of the display name, in UTF-16 code units.</summary>
    public const int MaxDisplayNameLength = 100;

    /// <summary>The maximum size of the error and of the flow, in bytes as sent.</summary>
    /// <remarks>
    /// The limit is small because all activities of a run, up to <see cref="Run.MaxActivities"/>, are read together.
    /// </remarks>
    public const int MaxJsonBytes = 8 * 1024;

    // Used by the store, which sets the properties.
    private RunActivity() { }

    /// <summary>The tenant that owns the run.</summary>
    public TenantId TenantId { get; private init; }

    /// <summary>The id of the run that the activity belongs to.</summary>
    public RunId RunId { get; private init; }

    /// <summary>The id of the activity.</summary>
    public ActivityId Id { get; private init; }

    /// <summary>The type, which gives the direction of the data flow.</summary>
    public ActivityType Type { get; private init; } = ActivityType.Inbound;

    /// <summary>The display name.</summary>
    public DisplayName DisplayName { get; private set; }

    /// <summary>The status.</summary>
    public ActivityStatus Status { get; private set; } = ActivityStatus.InProgress;

    /// <summary>The error that stopped it, or null.</summary>
    public PublicError? BlockingError { get; private set; }

    /// <summary>The flow that the activity carried out, or null.</summary>
    public ActivityFlow? Activity { get; private set; }

    /// <exception cref="ArgumentException">The draft is not valid. It must have been validated.</exception>
    internal static RunActivity Create(TenantId tenantId, RunId runId, int ordinal, ActivityDraft draft)
    {
        RequireValid(draft);
        return new RunActivity
        {
            TenantId = tenantId,
            RunId = runId,
            Id = ActivityId.New(runId, ordinal),
            Type = draft.Type,
            DisplayName = DisplayName.Create(draft.DisplayName),
            Status = draft.Status!,
            BlockingError = draft.BlockingError,
            Activity = draft.Activity,
        };
    }

    /// <summary>Returns a copy of the activity. Later changes to the activity do not affect the copy.</summary>
    public RunActivity Snapshot() => (RunActivity)MemberwiseClone();

    /// <summary>Applies a patch.</summary>
    /// <returns>True if the activity changed; an error if the change is not allowed.</returns>
    internal Result<bool> Update(ActivityPatch patch)
    {
        var next = patch.ApplyTo(this);
        if (next.Type != Type)
        {
            return RunErrors.ActivityTypeIsFinal(Type);
        }

        if (Status.IsTerminal && next.Status is not null && next.Status != Status)
        {
            return RunErrors.ActivityStatusIsFinal(Status, next.Status);
        }

        RequireValid(next);
        if (
            DisplayName.Value == next.DisplayName
            && Status == next.Status
            && BlockingError == next.BlockingError
            && Activity == next.Activity
        )
        {
            return false;
        }

        (DisplayName, Status, BlockingError, Activity) = (
            DisplayName.Create(next.DisplayName),
            next.Status!,
            next.BlockingError,
            next.Activity
        );
        return true;
    }

    private static void RequireValid(ActivityDraft draft)
    {
        RunRules.Require(draft.DisplayName?.Length <= MaxDisplayNameLength);
        RunRules.Require(draft.Status is not null);
    }
}
