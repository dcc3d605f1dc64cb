namespace IndustryData.Domain.Runs;

/// <content>The operations that change a run.</content>
public sealed partial class Run
{
    /// <summary>The maximum number of activities of a run. All of them are read at once.</summary>
    public const int MaxActivities = 1000;

    /// <summary>Applies a patch if the resulting run is valid.</summary>
    /// <param name="patch">The partial update.</param>
    /// <param name="now">The current time of the server.</param>
    /// <returns>
    /// True if the run changed. An <see cref="ErrorKind.Conflict"/> error if the run has a final status and the patch
    /// would change a final value. An <see cref="ErrorKind.Validation"/> error if the new values do not agree with
    /// those that the run keeps.
    /// </returns>
    /// <exception cref="ArgumentException">A new value is not valid. The patch must have been validated.</exception>
    public Result<bool> Update(RunPatch patch, DateTimeOffset now)
    {
        var next = patch.ApplyTo(this);
        if (Status.IsTerminal && FindTerminalStateConflict(next) is { } conflict)
        {
            return conflict;
        }

        if (FindDisagreements(patch, next).ToArray() is { Length: > 0 } errors)
        {
            return Error.Aggregate(errors);
        }

        RequireValid(next);
        if (HasValuesOf(next))
        {
            return false;
        }

        Assign(next);
        Touch(now);
        return true;
    }

    /// <summary>Adds an activity. The run must be running.</summary>
    /// <param name="draft">The reported activity.</param>
    /// <param name="count">The number of activities that the run has.</param>
    /// <param name="now">The current time of the server.</param>
    /// <exception cref="ArgumentException">The draft is not valid. It must have been validated.</exception>
    public Result<RunActivity> AddActivity(ActivityDraft draft, int count, DateTimeOffset now)
    {
        if (Status.IsTerminal)
        {
            return RunErrors.RunAlreadyTerminal(Status);
        }

        if (!RunRules.AllowsActivityCount(count + 1))
        {
            return RunErrors.TooManyActivities;
        }

        var activity = RunActivity.Create(TenantId, Id, count, draft);
        Touch(now);
        return activity;
    }

    /// <summary>Changes one of the run's activities and increments the run's version.</summary>
    /// <returns>True if the activity changed; an error if the change is not allowed.</returns>
    public Result<bool> UpdateActivity(RunActivity activity, ActivityPatch patch, DateTimeOffset now)
    {
        var updated = activity.Update(patch);
        if (updated.TryGetValue(out var changed, out _) && changed)
        {
            Touch(now);
        }

        return updated;
    }

    /// <summary>Returns a copy of the run. Later changes to the run do not affect the copy.</summary>
    public Run Snapshot() => (Run)MemberwiseClone();

    private void Touch(DateTimeOffset now)
    {
        LastModifiedDateTime = Microseconds(now);
        Version++;
    }

    private IEnumerable<Error> FindDisagreements(RunPatch patch, RunDraft next)
    {
        if (!RunRules.HasRequiredEndDateTime(next))
        {
            yield return RunErrors.EndDateTimeRequired;
        }
        else if (!RunRules.EndsAtStartOrLater(next))
        {
            yield return RunErrors.EndBeforeStart(next);
        }
        else if (
            !Status.IsTerminal
            && next.Status is { IsTerminal: true }
            && !patch.Sets(RunPatchProperties.EndDateTime)
        )
        {
            yield return RunErrors.ActualEndDateTimeRequired;
        }

        if (!RunRules.AllowsBlockingError(next))
        {
            yield return RunErrors.UnexpectedBlockingError(next);
        }
    }

    private Error? FindTerminalStateConflict(RunDraft next) =>
        next switch
        {
            _ when next.Status is { } status && status != Status => RunErrors.StatusIsFinal(Status, status),
            _ when next.StartDateTime is { } start && Microseconds(start) != StartDateTime => RunErrors.TimeIsFinal(
                "startDateTime",
                Status
            ),
            _ when next.EndDateTime is not { } end || Microseconds(end) != EndDateTime => RunErrors.TimeIsFinal(
                "endDateTime",
                Status
            ),
            _ => null,
        };
}
