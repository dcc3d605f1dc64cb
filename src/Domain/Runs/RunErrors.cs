namespace IndustryData.Domain.Runs;

/// <summary>The errors that concern runs.</summary>
public static class RunErrors
{
    /// <summary>The code of the error of a value that is absent or null.</summary>
    public const string RequiredCode = "required";

    /// <summary>The code of <see cref="EndBeforeStart"/>.</summary>
    public const string EndBeforeStartCode = "endBeforeStart";

    /// <summary>The code of <see cref="UnexpectedBlockingError"/>.</summary>
    public const string UnexpectedBlockingErrorCode = "unexpectedBlockingError";

    /// <summary>The run has no end time, although it is not running.</summary>
    public static Error EndDateTimeRequired { get; } =
        new(
            ErrorKind.Validation,
            RequiredCode,
            "endDateTime is required: send the end time of the run, like \"2026-11-22T02:41:07Z\" "
                + "(only a run whose status is \"running\" may leave it out).",
            "endDateTime"
        );

    /// <summary>The run has the maximum number of activities.</summary>
    public static Error TooManyActivities { get; } =
        new(
            ErrorKind.Validation,
            "tooManyActivities",
            $"A run has at most {Run.MaxActivities} activities; report the rest as numbers in statistics.",
            "activities"
        );

    /// <summary>The run ends, but its end time is the one that was expected.</summary>
    internal static Error ActualEndDateTimeRequired { get; } =
        new(
            ErrorKind.Validation,
            RequiredCode,
            "endDateTime is required: send the end time of the run together with its last status; "
                + "the stored endDateTime is only the expected end.",
            "endDateTime"
        );

    /// <summary>The end time is before the start time.</summary>
    public static Error EndBeforeStart(RunDraft run) =>
        new(
            ErrorKind.Validation,
            EndBeforeStartCode,
            $"endDateTime {run.EndDateTime:O} is before startDateTime {run.StartDateTime:O}; "
                + "a run ends at its start or later.",
            "endDateTime"
        );

    /// <summary>The status does not allow the blocking error.</summary>
    public static Error UnexpectedBlockingError(RunDraft run) =>
        new(
            ErrorKind.Validation,
            UnexpectedBlockingErrorCode,
            $"A run whose status is {run.Status} has no blockingError; "
                + "leave it out, or report the status failed, completedWithErrors or running.",
            "blockingError"
        );

    /// <summary>The run does not exist, or belongs to another tenant. The error is the same for every id.</summary>
    public static Error NotFound { get; } =
        new(ErrorKind.NotFound, "runNotFound", "There is no run with this id. List the runs to see which there are.");

    /// <summary>The run has no such activity. The error is the same for every id.</summary>
    public static Error ActivityNotFound { get; } =
        new(
            ErrorKind.NotFound,
            "activityNotFound",
            "The run has no activity with this id. List its activities to see which there are."
        );

    /// <summary>The run has a final status, so no activity can be added.</summary>
    internal static Error RunAlreadyTerminal(RunStatus current) =>
        new(
            ErrorKind.Conflict,
            "runAlreadyTerminal",
            $"The run is over (status {current}), so no activity can be added; "
                + "send activities while it is running, or with the run itself."
        );

    /// <summary>The type of an activity cannot change.</summary>
    internal static Error ActivityTypeIsFinal(ActivityType current) =>
        new(ErrorKind.Conflict, "typeIsFinal", $"The activity is {current}, and stays so; leave its type out.", "type");

    /// <summary>The activity has a final status, which cannot change.</summary>
    internal static Error ActivityStatusIsFinal(ActivityStatus current, ActivityStatus asked) =>
        new(
            ErrorKind.Conflict,
            "statusIsFinal",
            $"The activity's status is {current}, which is final, so it cannot become {asked}; "
                + $"allowed is only {current}.",
            "status"
        );

    /// <summary>The run has another version than the caller expects.</summary>
    public static Error VersionMismatch(long current) =>
        new(
            ErrorKind.VersionMismatch,
            "etagMismatch",
            $"The run has changed: its version is {current} now. Read it again before you change it."
        )
        {
            CurrentVersion = current,
        };

    /// <summary>The idempotency key was used for a different request.</summary>
    public static Error IdempotencyKeyReused() =>
        new(
            ErrorKind.IdempotencyKeyReused,
            "idempotencyKeyReused",
            "Another body was sent under this key within 24 hours; nothing was changed. "
                + "Send each new run under a key of its own."
        );

    /// <summary>The caller last read the changes before the retention period of deletions.</summary>
    public static Error DeltaTokenExpired(TimeSpan remembered) =>
        new(
            ErrorKind.Expired,
            "syncStateNotFound",
            $"The changes were last read more than {remembered.TotalDays:0} days ago, "
                + "and later deletions are no longer recorded. Read all runs again."
        );

    /// <summary>The database was replaced, or restored to an earlier state, after the changes were read.</summary>
    public static Error ResyncRequired() =>
        new(
            ErrorKind.Expired,
            "resyncRequired",
            "The database was restored or replaced since the changes were last read, so changes could be missed. "
                + "Read all runs again."
        );

    /// <summary>The changes were read with another release, or from a database that no longer exists.</summary>
    public static Error DeltaTokenOutdated() =>
        new(
            ErrorKind.Expired,
            "resyncRequired",
            "The changes were last read with another release of this service, "
                + "or from a database that no longer exists. Read all runs again."
        );

    /// <summary>Runs of the future cannot be archived.</summary>
    public static Error ArchivesOnlyThePast { get; } =
        new(
            ErrorKind.Validation,
            "inTheFuture",
            "The time is in the future, so later runs would be missing; name an earlier one.",
            "before"
        );

    /// <summary>The files of an archive do not have all runs of the partition.</summary>
    public static Error ArchiveIsIncomplete(string partition) =>
        new(
            ErrorKind.Conflict,
            "archiveIncomplete",
            $"The files of {partition} do not have the runs and activities of the database, so they were removed; "
                + "try again, and check the disk if it happens again."
        );

    /// <summary>Another import has added the same lines while this one prepared them.</summary>
    public static Error ImportedMeanwhile() =>
        new(
            ErrorKind.Conflict,
            "importedMeanwhile",
            "Another import of the same lines is running. Wait for its end, and run this one again: "
                + "it adds what is missing."
        );

    /// <summary>The limit for starting runs is reached.</summary>
    internal static Error StartRateLimitExceeded(int limit, TimeSpan window, TimeSpan retryAfter) =>
        new(
            ErrorKind.RateLimited,
            "startRateLimitExceeded",
            $"{limit} runs were started within {window.TotalHours:0.##} hours, which is the limit; "
                + "try again later, or report the run when it has ended."
        )
        {
            RetryAfter = retryAfter,
        };

    /// <summary>The run has a final status, which cannot change.</summary>
    internal static Error StatusIsFinal(RunStatus current, RunStatus asked) =>
        new(
            ErrorKind.Conflict,
            "statusIsFinal",
            $"The run's status is {current}, which is final, so it cannot become {asked}; "
                + $"allowed is only {current}. "
                + $"A running run may become {string.Join(", ", RunStatus.Running.AllowedTransitions)}.",
            "status"
        );

    /// <summary>The run has a final status, so its times cannot change.</summary>
    internal static Error TimeIsFinal(string property, RunStatus current) =>
        new(
            ErrorKind.Conflict,
            "timeIsFinal",
            $"The run is over (status {current}), so its {property} cannot change; leave {property} out.",
            property
        );
}
