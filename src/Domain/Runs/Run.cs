namespace IndustryData.Domain.Runs;

/// <summary>
/// One run of a data-ingestion job, as reported by the caller. RunChanges.cs contains
/// the operations that change it.
/// </summary>
public sealed partial class Run
{
    // Used by the store, which sets the properties.
    private Run() { }

    /// <summary>The tenant that owns the run.</summary>
    public TenantId TenantId { get; private init; }

    /// <summary>The id of the run.</summary>
    public RunId Id { get; private init; }

    /// <summary>The display name.</summary>
    public DisplayName DisplayName { get; private set; }

    /// <summary>The start time in UTC, with microsecond precision.</summary>
    public DateTimeOffset StartDateTime { get; private set; }

    /// <summary>
    /// The end time in UTC, with microsecond precision. For a running run, the expected end time or null.
    /// </summary>
    public DateTimeOffset? EndDateTime { get; private set; }

    /// <summary>The status.</summary>
    public RunStatus Status { get; private set; } = RunStatus.Running;

    /// <summary>The statistics.</summary>
    public RunStatistics Statistics { get; private set; } = RunStatistics.Empty;

    /// <summary>The error that stopped it, or null.</summary>
    public PublicError? BlockingError { get; private set; }

    /// <summary>The time at which the server added the run, in UTC with microsecond precision.</summary>
    public DateTimeOffset CreatedDateTime { get; private init; }

    /// <summary>The time of the last change on the server, in UTC with microsecond precision.</summary>
    public DateTimeOffset LastModifiedDateTime { get; private set; }

    /// <summary>The version: 1 for a new run, incremented with every change.</summary>
    public long Version { get; private set; }

    /// <summary>The activities of a new run. Empty if the run was read from the store.</summary>
    public IReadOnlyList<RunActivity> Activities { get; private init; } = [];

    /// <summary>Creates a new run. This is the only way to create one.</summary>
    /// <param name="tenantId">The tenant that owns the run.</param>
    /// <param name="draft">The reported run.</param>
    /// <param name="now">The current time of the server.</param>
    /// <exception cref="ArgumentException">The draft is not valid. It must have been validated.</exception>
    public static Run Create(TenantId tenantId, RunDraft draft, DateTimeOffset now)
    {
        RequireValid(draft);
        RunRules.Require(RunRules.AllowsActivityCount(draft.Activities.Count));
        var created = Microseconds(now);
        var id = RunId.New(now);
        var run = new Run
        {
            TenantId = tenantId,
            Id = id,
            CreatedDateTime = created,
            LastModifiedDateTime = created,
            Version = 1,
            Activities = [.. draft.Activities.Select((a, i) => RunActivity.Create(tenantId, id, i, a))],
        };
        run.Assign(draft);
        return run;
    }

    private void Assign(RunDraft draft)
    {
        DisplayName = DisplayName.Create(draft.DisplayName);
        StartDateTime = Microseconds(draft.StartDateTime!.Value);
        EndDateTime = Microseconds(draft.EndDateTime);
        Status = draft.Status!;
        Statistics = draft.Statistics!;
        BlockingError = draft.BlockingError;
    }

    /// <summary>Compares the reported values.</summary>
    /// <returns>True if the draft would not change the run.</returns>
    private bool HasValuesOf(RunDraft draft) =>
        DisplayName.Value == draft.DisplayName
        && StartDateTime == Microseconds(draft.StartDateTime)
        && EndDateTime == Microseconds(draft.EndDateTime)
        && Status == draft.Status
        && Statistics.Equals(draft.Statistics)
        && BlockingError == draft.BlockingError;

    private static void RequireValid(RunDraft draft)
    {
        RunRules.Require(draft.StartDateTime is not null);
        RunRules.Require(draft.Status is not null);
        RunRules.Require(draft.Statistics is not null);
        RunRules.Require(RunRules.HasRequiredEndDateTime(draft));
        RunRules.Require(RunRules.EndsAtStartOrLater(draft));
        RunRules.Require(RunRules.AllowsBlockingError(draft));
    }

    // PostgreSQL stores microseconds; .NET stores tenths of a microsecond. The value is truncated here so that later
    // reads return the same value as the first response.
    private static DateTimeOffset Microseconds(DateTimeOffset instant)
    {
        var utc = instant.ToUniversalTime();
        return utc.AddTicks(-(utc.Ticks % TimeSpan.TicksPerMicrosecond));
    }

    private static DateTimeOffset? Microseconds(DateTimeOffset? instant) =>
        instant is { } known ? Microseconds(known) : null;
}
