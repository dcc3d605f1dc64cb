namespace IndustryData.Domain.Runs;

/// <summary>The refusals that have to do with runs, worded once.</summary>
public static class RunErrors
{
    /// <summary>There is no such run, or it is another tenant's.</summary>
    public static Error NotFound(string id) =>
        new(ErrorKind.NotFound, "runNotFound", $"There is no run with the id '{ValidationErrors.Abbreviate(id)}'. List the runs to see which there are.");

    /// <summary>The run has no such activity.</summary>
    public static Error ActivityNotFound(string id) =>
        new(ErrorKind.NotFound, "activityNotFound", $"The run has no activity with the id '{ValidationErrors.Abbreviate(id)}'. List its activities to see which there are.");

    /// <summary>A run that is over takes no more activities.</summary>
    internal static Error RunAlreadyTerminal(RunStatus current) =>
        new(ErrorKind.Conflict, "runIsOver", $"The run is over (status {current}), so that no activity can be added; send activities while it is running, or with the run itself.");

    /// <summary>A run has as many activities as it can.</summary>
    public static Error TooManyActivities(int limit) =>
        new(ErrorKind.Validation, "tooManyActivities", $"A run has at most {limit} activities; report the rest as numbers in statistics.", "activities");

    /// <summary>An activity keeps its type.</summary>
    internal static Error ActivityTypeIsFinal(ActivityType current) =>
        new(ErrorKind.Conflict, "typeIsFinal", $"The activity is a #{current}, and stays one; leave @odata.type out.", "@odata.type");

    /// <summary>An activity that is over cannot get another status.</summary>
    internal static Error ActivityStatusIsFinal(ActivityStatus current, ActivityStatus asked) =>
        new(ErrorKind.Conflict, "statusIsFinal", $"The activity's status is {current}, which is final, so that it cannot become {asked}; allowed is only {current}.", "status");

    /// <summary>The run is another version than the caller's.</summary>
    public static Error ETagMismatch(string etag) =>
        new(ErrorKind.PreconditionFailed, "entityTagDoesNotMatch", $"The run has changed: its ETag is {etag} now. Read it again, and send the change with that one.");

    /// <summary>A key names one request.</summary>
    public static Error IdempotencyKeyReused() =>
        new(ErrorKind.IdempotencyKeyReused, "keyReused", "Another body was sent under this key within 24 hours; nothing was changed. Send each new run under a key of its own.");

    /// <summary>Deletions are not remembered for ever.</summary>
    public static Error DeltaTokenExpired(TimeSpan remembered) =>
        new(ErrorKind.Gone, "syncStateNotFound", $"The link is older than {remembered.TotalDays:0} days, and what was deleted since is forgotten. Read all runs anew, from the URL in Location.");

    /// <summary>The database is not the one whose changes were read, or has gone back in time.</summary>
    public static Error ResyncRequired() =>
        new(ErrorKind.Gone, "resyncRequired", "The database was restored or replaced since the link was given, so that changes could be missed. Read all runs anew, from the URL in Location.");

    /// <summary>The link was made by another release of the service, or sealed with a key that no longer exists.</summary>
    public static Error DeltaTokenOutdated() =>
        new(ErrorKind.Gone, "resyncRequired", "The link is of another release of this service, or of a database that is no longer there. Read all runs again, from the URL in Location.");

    /// <summary>Too many runs were started.</summary>
    public static Error StartRateLimitExceeded(int limit, TimeSpan window, TimeSpan retryAfter) =>
        new(ErrorKind.RateLimited, "startedTooOften", $"{limit} runs were started within {window.TotalHours:0.##} hours, which is the limit; try again after the time in Retry-After, or add the run with POST …/runs.")
        {
            RetryAfter = retryAfter,
        };

    /// <summary>A run that is over cannot get another status.</summary>
    internal static Error StatusIsFinal(RunStatus current, RunStatus asked) =>
        new(ErrorKind.Conflict, "statusIsFinal", $"The run's status is {current}, which is final, so that it cannot become {asked}; allowed is only {current}. A running run may become {string.Join(", ", RunStatus.Running.AllowedTransitions)}.", "status");

    /// <summary>A run that is over keeps its times.</summary>
    internal static Error TimeIsFinal(string property, RunStatus current) =>
        new(ErrorKind.Conflict, "timeIsFinal", $"The run is over (status {current}), so that its {property} cannot change; leave {property} out.", property);

    /// <summary>A required member is absent or null.</summary>
    internal static Error Required(string property, string what) =>
        Invalid(property, "missing", $"{property} is required: send {what}.");

    /// <summary>A member breaks a rule.</summary>
    internal static Error Invalid(string property, string code, string message) =>
        new(ErrorKind.Validation, code, message, property);
}
