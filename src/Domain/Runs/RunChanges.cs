namespace IndustryData.Domain.Runs;

/// <content>What may change of a run, and when.</content>
public sealed partial class Run
{
    /// <summary>The activities of a run at most: all of them are read at once.</summary>
    public const int MaxActivities = 1000;

    /// <summary>Changes what a patch sends, if the rules allow the run that would come of it.</summary>
    /// <param name="patch">What its reporter told anew.</param>
    /// <param name="now">The server's clock.</param>
    /// <returns>
    /// Whether anything changed; an <see cref="ErrorKind.Conflict"/> where the patch would change what is final in a run that is over; an
    /// <see cref="ErrorKind.Validation"/> error with every rule that the changed run would break.
    /// </returns>
    public Result<bool> Update(RunPatch patch, DateTimeOffset now)
    {
        var next = patch.ApplyTo(this);
        if (Status.IsTerminal && FindTerminalStateConflict(next) is { } conflict)
        {
            return conflict;
        }

        var faults = RunRules.Validate(next);
        if (!Status.IsTerminal && next.Status is { IsTerminal: true } && !patch.Contains("endDateTime"))
        {
            faults.Add(RunErrors.Required("endDateTime", "when the run ended together with its last status; the end that was expected is no end"));
        }

        if (faults.Count > 0)
        {
            return Error.Aggregate(faults);
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
            return RunErrors.RunAlreadyTerminal(Status);
        }

        if (draft.Validate().ToArray() is { Length: > 0 } faults)
        {
            return Error.Aggregate(faults);
        }

        if (count >= MaxActivities)
        {
            return RunErrors.TooManyActivities(MaxActivities);
        }

        Touch(now);
        return RunActivity.Create(TenantId, Id, count, draft);
    }

    /// <summary>Changes one of the run's activities, and with it the run's version.</summary>
    /// <returns>Whether anything changed, or why nothing may.</returns>
    public Result<bool> UpdateActivity(RunActivity activity, ActivityPatch patch, DateTimeOffset now)
    {
        var updated = activity.Update(patch);
        if (updated.TryGetValue(out var changed, out _) && changed)
        {
            Touch(now);
        }

        return updated;
    }

    /// <summary>The run as it is now, which what is changed later leaves alone.</summary>
    public Run Snapshot() => (Run)MemberwiseClone();

    private void Touch(DateTimeOffset now)
    {
        LastModifiedDateTime = Microseconds(now);
        Version++;
    }

    private Error? FindTerminalStateConflict(RunDraft next) => next switch
    {
        _ when next.Status is { } status && status != Status => RunErrors.StatusIsFinal(Status, status),
        _ when next.StartDateTime is { } start && Microseconds(start) != StartDateTime => RunErrors.TimeIsFinal("startDateTime", Status),
        _ when next.EndDateTime is not { } end || Microseconds(end) != EndDateTime => RunErrors.TimeIsFinal("endDateTime", Status),
        _ => null,
    };
}
