namespace IndustryData.Domain.Runs;

/// <summary>
/// The validation rules for a run. Each rule is a function that returns null or a validation error. The request
/// validator calls the rules to report all errors of a request at once. <see cref="Run.Create"/> calls them to ensure
/// that every run is valid.
/// </summary>
public static class RunRules
{
    /// <summary>Returns all validation errors of the run.</summary>
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

    /// <summary>Checks that the run has at most the maximum number of activities and that each is valid.</summary>
    public static IEnumerable<Error> ValidateActivities(RunDraft run) =>
        run.Activities.Count > Run.MaxActivities
            ? [RunErrors.TooManyActivities(Run.MaxActivities)]
            : run.Activities.SelectMany(a => a.Validate());

    /// <summary>Checks that the start time is present.</summary>
    public static Error? ValidateStartDateTime(RunDraft run) =>
        run.StartDateTime is null
            ? RunErrors.Required("startDateTime", "when the run began, like \"2026-11-22T02:00:00Z\"")
            : null;

    /// <summary>
    /// Checks that a run with a final status has an end time, and that the end time is not before the start time.
    /// </summary>
    public static Error? ValidateEndDateTime(RunDraft run) =>
        run switch
        {
            { EndDateTime: null } when run.Status != RunStatus.Running => RunErrors.Required(
                "endDateTime",
                "when the run ended, like \"2026-11-22T02:41:07Z\" "
                    + "(only a run whose status is \"running\" may leave it out)"
            ),
            _ when run.EndDateTime < run.StartDateTime => RunErrors.Invalid(
                "endDateTime",
                "endBeforeStart",
                $"endDateTime {run.EndDateTime:O} is before startDateTime {run.StartDateTime:O}; "
                    + "a run ends at its start or later."
            ),
            _ => null,
        };

    /// <summary>Checks that the status is present.</summary>
    public static Error? ValidateStatus(RunDraft run) =>
        run.Status is null ? RunErrors.Required("status", $"one of {string.Join(", ", RunStatus.All)}") : null;

    /// <summary>Checks that the statistics are present. They may be empty.</summary>
    public static Error? ValidateStatistics(RunDraft run) =>
        run.Statistics is null ? RunErrors.Required("statistics", "an object, {} when nothing was counted") : null;

    /// <summary>Checks that the status allows a blocking error if there is one.</summary>
    public static Error? ValidateBlockingError(RunDraft run) =>
        run is { BlockingError: not null, Status.AllowsBlockingError: false }
            ? RunErrors.Invalid(
                "blockingError",
                "unexpectedBlockingError",
                $"A run whose status is {run.Status} has no blockingError; "
                    + "leave it out, or report the status failed, completedWithErrors or running."
            )
            : null;
}
