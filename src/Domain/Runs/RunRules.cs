namespace IndustryData.Domain.Runs;

/// <summary>
/// What a run must hold, one rule a function: null, or the fault. The validator calls them to report every fault of a request at once,
/// <see cref="Run.Create"/> so that no run exists that breaks one.
/// </summary>
public static class RunRules
{
    /// <summary>Every rule that the run breaks.</summary>
    public static ValidationErrors Validate(RunDraft run)
    {
        var faults = new ValidationErrors();
        faults.Add(Runs.DisplayName.Validate(run.DisplayName));
        faults.Add(ValidateStartDateTime(run));
        faults.Add(ValidateEndDateTime(run));
        faults.Add(ValidateStatus(run));
        faults.Add(ValidateStatistics(run));
        faults.Add(ValidateBlockingError(run));
        foreach (var fault in ValidateActivities(run))
        {
            faults.Add(fault);
        }

        return faults;
    }

    /// <summary>A run has no more activities than it can show at once, and each is whole.</summary>
    public static IEnumerable<Error> ValidateActivities(RunDraft run) =>
        run.Activities.Count > Run.MaxActivities ? [RunErrors.TooManyActivities(Run.MaxActivities)] : run.Activities.SelectMany(a => a.Validate());

    /// <summary>A run says when it began.</summary>
    public static Error? ValidateStartDateTime(RunDraft run) =>
        run.StartDateTime is null ? RunErrors.Required("startDateTime", "when the run began, like \"2026-11-22T02:00:00Z\"") : null;

    /// <summary>A run that is over says when, and no run ends before it begins.</summary>
    public static Error? ValidateEndDateTime(RunDraft run) => run switch
    {
        { EndDateTime: null } when run.Status != RunStatus.Running =>
            RunErrors.Required("endDateTime", "when the run ended, like \"2026-11-22T02:41:07Z\" (only a run whose status is \"running\" may leave it out)"),
        _ when run.EndDateTime < run.StartDateTime =>
            RunErrors.Invalid("endDateTime", "endBeforeStart", $"endDateTime {run.EndDateTime:O} is before startDateTime {run.StartDateTime:O}; a run ends at its start or later."),
        _ => null,
    };

    /// <summary>A run says how it stands.</summary>
    public static Error? ValidateStatus(RunDraft run) =>
        run.Status is null ? RunErrors.Required("status", $"one of {string.Join(", ", RunStatus.All)}") : null;

    /// <summary>A run says what it counted, be it nothing.</summary>
    public static Error? ValidateStatistics(RunDraft run) =>
        run.Statistics is null ? RunErrors.Required("statistics", "an object, {} when nothing was counted") : null;

    /// <summary>Only a run that something stopped, or may yet stop, names an error.</summary>
    public static Error? ValidateBlockingError(RunDraft run) =>
        run is { BlockingError: not null, Status.AllowsBlockingError: false }
            ? RunErrors.Invalid("blockingError", "unexpectedBlockingError", $"A run whose status is {run.Status} has no blockingError; leave it out, or report the status failed, completedWithErrors or running.")
            : null;
}
