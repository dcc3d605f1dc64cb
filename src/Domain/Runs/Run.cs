namespace IndustryData.Domain.Runs;

/// <summary>One run of a data-ingestion job, as its reporter told it (Graph: <c>industryDataRun</c>).</summary>
public sealed class Run
{
    /// <summary>The activities of a run at most: all of them are read at once.</summary>
    public const int MaxActivities = 1000;

    // For the store, which fills the properties.
    private Run()
    {
    }

    /// <summary>Whose run it is.</summary>
    public TenantId TenantId { get; private init; }

    /// <summary>Which run it is.</summary>
    public RunId Id { get; private init; }

    /// <summary>What people call it.</summary>
    public DisplayName DisplayName { get; private set; }

    /// <summary>When it began: UTC, to the microsecond.</summary>
    public DateTimeOffset StartDateTime { get; private set; }

    /// <summary>When it ended: UTC, to the microsecond. Of a running run, when it is expected to end, or null.</summary>
    public DateTimeOffset? EndDateTime { get; private set; }

    /// <summary>How it stands.</summary>
    public RunStatus Status { get; private set; } = RunStatus.Running;

    /// <summary>What it counted.</summary>
    public RunStatistics Statistics { get; private set; } = RunStatistics.Empty;

    /// <summary>The error that stopped it, if one did.</summary>
    public PublicError? BlockingError { get; private set; }

    /// <summary>When the server took it in: UTC, to the microsecond.</summary>
    public DateTimeOffset CreatedDateTime { get; private init; }

    /// <summary>When the server last changed it: UTC, to the microsecond.</summary>
    public DateTimeOffset LastModifiedDateTime { get; private set; }

    /// <summary>1 for a new run, one more with every change: the run's ETag.</summary>
    public long Version { get; private set; }

    /// <summary>What a new run carried out. Of a run that was read from the store, its activities stay there.</summary>
    public IReadOnlyList<RunActivity> Activities { get; private init; } = [];

    /// <summary>Makes a new run: the only way to make one.</summary>
    /// <param name="tenantId">Whose run it is.</param>
    /// <param name="draft">What its reporter told.</param>
    /// <param name="now">The server's clock.</param>
    /// <returns>The run, or an <see cref="ErrorKind.Invalid"/> error with every rule that the draft breaks.</returns>
    public static Result<Run> Add(TenantId tenantId, RunDraft draft, DateTimeOffset now)
    {
        var faults = RunRules.Judge(draft);
        if (faults.Count > 0)
        {
            return Error.Of(faults);
        }

        var created = Microseconds(now);
        var id = RunId.New(now);
        return new Run
        {
            TenantId = tenantId,
            Id = id,
            DisplayName = new DisplayName(draft.DisplayName!),
            StartDateTime = Microseconds(draft.StartDateTime!.Value),
            EndDateTime = draft.EndDateTime is { } end ? Microseconds(end) : null,
            Status = draft.Status!,
            Statistics = draft.Statistics!,
            BlockingError = draft.BlockingError,
            CreatedDateTime = created,
            LastModifiedDateTime = created,
            Version = 1,
            Activities = [.. draft.Activities.Select(a => RunActivity.Of(tenantId, id, a, now))],
        };
    }

    /// <summary>Changes what a patch sends, if the rules allow the run that would come of it.</summary>
    /// <param name="patch">What its reporter told anew.</param>
    /// <param name="now">The server's clock.</param>
    /// <returns>
    /// Whether anything changed; an <see cref="ErrorKind.Conflict"/> where the patch would change what is final in a run that is over; an
    /// <see cref="ErrorKind.Invalid"/> error with every rule that the changed run would break.
    /// </returns>
    public Result<bool> Update(RunPatch patch, DateTimeOffset now)
    {
        var next = patch.Over(this);
        if (Status.IsTerminal && Contradiction(next) is { } conflict)
        {
            return conflict;
        }

        var faults = RunRules.Judge(next);
        if (!Status.IsTerminal && next.Status is { IsTerminal: true } && !patch.Sends("endDateTime"))
        {
            faults.Add(RunErrors.Missing("endDateTime", "when the run ended together with its last status; the end that was expected is no end"));
        }

        if (faults.Count > 0)
        {
            return Error.Of(faults);
        }

        var (start, end) = (Microseconds(next.StartDateTime!.Value), next.EndDateTime is { } moment ? Microseconds(moment) : (DateTimeOffset?)null);
        if (DisplayName.Value == next.DisplayName && StartDateTime == start && EndDateTime == end && Status == next.Status
            && Statistics.Equals(next.Statistics) && BlockingError == next.BlockingError)
        {
            return false;
        }

        (DisplayName, StartDateTime, EndDateTime, Status, Statistics, BlockingError) =
            (new DisplayName(next.DisplayName!), start, end, next.Status!, next.Statistics!, next.BlockingError);
        Touch(now);
        return true;
    }

    /// <summary>Adds an activity, which only a running run takes.</summary>
    /// <param name="draft">What its reporter told.</param>
    /// <param name="count">How many activities the run has.</param>
    /// <param name="now">The server's clock.</param>
    public Result<RunActivity> AddActivity(ActivityDraft draft, int count, DateTimeOffset now)
    {
        if (Status.IsTerminal)
        {
            return RunErrors.RunIsOver(Status);
        }

        if (draft.Judge().ToArray() is { Length: > 0 } faults)
        {
            return Error.Of(faults);
        }

        if (count >= MaxActivities)
        {
            return RunErrors.TooManyActivities(MaxActivities);
        }

        Touch(now);
        return RunActivity.Of(TenantId, Id, draft, now);
    }

    /// <summary>Changes one of the run's activities, and with it the run's version.</summary>
    /// <returns>Whether anything changed, or why nothing may.</returns>
    public Result<bool> UpdateActivity(RunActivity activity, ActivityPatch patch, DateTimeOffset now)
    {
        var updated = activity.Update(patch);
        if (updated.Succeeded(out var changed, out _) && changed)
        {
            Touch(now);
        }

        return updated;
    }

    private void Touch(DateTimeOffset now)
    {
        LastModifiedDateTime = Microseconds(now);
        Version++;
    }

    private Error? Contradiction(RunDraft next) => next switch
    {
        _ when next.Status is { } status && status != Status => RunErrors.StatusIsFinal(Status, status),
        _ when next.StartDateTime is { } start && Microseconds(start) != StartDateTime => RunErrors.TimeIsFinal("startDateTime", Status),
        _ when next.EndDateTime is not { } end || Microseconds(end) != EndDateTime => RunErrors.TimeIsFinal("endDateTime", Status),
        _ => null,
    };

    // PostgreSQL keeps microseconds; .NET has tenths of one. Cut here, so that a run reads back as it was answered.
    private static DateTimeOffset Microseconds(DateTimeOffset instant)
    {
        var utc = instant.ToUniversalTime();
        return utc.AddTicks(-(utc.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
