namespace IndustryData.Domain.Runs;

/// <summary>The errors that concern runs.</summary>
public static class RunErrors
{
    /// <summary>The run does not exist, or belongs to another tenant.</summary>
    public static Error NotFound(string id) =>
        new(
            ErrorKind.NotFound,
            "runNotFound",
            $"There is no run with the id '{ValidationErrors.Abbreviate(id)}'. List the runs to see which there are."
        );

    /// <summary>The run has no such activity.</summary>
    public static Error ActivityNotFound(string id) =>
        new(
            ErrorKind.NotFound,
            "activityNotFound",
            $"The run has no activity with the id '{ValidationErrors.Abbreviate(id)}'. "
                + "List its activities to see which there are."
        );

    /// <summary>The run has a final status, so no activity can be added.</summary>
    internal static Error RunAlreadyTerminal(RunStatus current) =>
        new(
            ErrorKind.Conflict,
            "runAlreadyTerminal",
            $"The run is over (status {current}), so that no activity can be added; "
                + "send activities while it is running, or with the run itself."
        );

    /// <summary>The run has the maximum number of activities.</summary>
    public static Error TooManyActivities(int limit) =>
        new(
            ErrorKind.Validation,
            "tooManyActivities",
            $"A run has at most {limit} activities; report the rest as numbers in statistics.",
            "activities"
        );

    /// <summary>The type of an activity cannot change.</summary>
    internal static Error ActivityTypeIsFinal(ActivityType current) =>
        new(
            ErrorKind.Conflict,
            "typeIsFinal",
            $"The activity is a #{current}, and stays one; leave @odata.type out.",
            "@odata.type"
        );

    /// <summary>The activity has a final status, which cannot change.</summary>
    internal static Error ActivityStatusIsFinal(ActivityStatus current, ActivityStatus asked) =>
        new(
            ErrorKind.Conflict,
            "statusIsFinal",
            $"The activity's status is {current}, which is final, so that it cannot become {asked}; "
                + $"allowed is only {current}.",
            "status"
        );

    /// <summary>The run's version does not match the version in the request.</summary>
    public static Error ETagMismatch(string etag) =>
        new(
            ErrorKind.PreconditionFailed,
            "etagMismatch",
            $"The run has changed: its ETag is {etag} now. Read it again, and send the change with that one."
        );

    /// <summary>The idempotency key was used for a different request.</summary>
    public static Error IdempotencyKeyReused() =>
        new(
            ErrorKind.IdempotencyKeyReused,
            "idempotencyKeyReused",
            "Another body was sent under this key within 24 hours; nothing was changed. "
                + "Send each new run under a key of its own."
        );

    /// <summary>The delta token is older than the retention period of deletions.</summary>
    public static Error DeltaTokenExpired(TimeSpan remembered) =>
        new(
            ErrorKind.Gone,
            "syncStateNotFound",
            $"The link is older than {remembered.TotalDays:0} days, and what was deleted since is forgotten. "
                + "Read all runs again, from the URL in Location."
        );

    /// <summary>The database was replaced, or restored to an earlier state, after the delta token was issued.</summary>
    public static Error ResyncRequired() =>
        new(
            ErrorKind.Gone,
            "resyncRequired",
            "The database was restored or replaced since the link was given, so that changes could be missed. "
                + "Read all runs again, from the URL in Location."
        );

    /// <summary>Another release of the service issued the delta token, or its key no longer exists.</summary>
    public static Error DeltaTokenOutdated() =>
        new(
            ErrorKind.Gone,
            "resyncRequired",
            "The link is of another release of this service, or of a database that is no longer there. "
                + "Read all runs again, from the URL in Location."
        );

    /// <summary>The limit for starting runs is reached.</summary>
    internal static Error StartRateLimitExceeded(int limit, TimeSpan window, TimeSpan retryAfter) =>
        new(
            ErrorKind.RateLimited,
            "startRateLimitExceeded",
            $"{limit} runs were started within {window.TotalHours:0.##} hours, which is the limit; "
                + "try again after the time in Retry-After, or add the run with POST …/runs."
        )
        {
            RetryAfter = retryAfter,
        };

    /// <summary>The run has a final status, which cannot change.</summary>
    internal static Error StatusIsFinal(RunStatus current, RunStatus asked) =>
        new(
            ErrorKind.Conflict,
            "statusIsFinal",
            $"The run's status is {current}, which is final, so that it cannot become {asked}; "
                + $"allowed is only {current}. "
                + $"A running run may become {string.Join(", ", RunStatus.Running.AllowedTransitions)}.",
            "status"
        );

    /// <summary>The run has a final status, so its times cannot change.</summary>
    internal static Error TimeIsFinal(string property, RunStatus current) =>
        new(
            ErrorKind.Conflict,
            "timeIsFinal",
            $"The run is over (status {current}), so that its {property} cannot change; leave {property} out.",
            property
        );

    /// <summary>A required member is absent or null.</summary>
    internal static Error Required(string property, string what) =>
        Invalid(property, "required", $"{property} is required: send {what}.");

    /// <summary>A member violates a validation rule.</summary>
    internal static Error Invalid(string property, string code, string message) =>
        new(ErrorKind.Validation, code, message, property);
}
