namespace IndustryData.Domain;

/// <summary>The kind of an <see cref="Error"/>: what the caller can do about it.</summary>
public enum ErrorKind
{
    /// <summary>The request is invalid. The caller must correct it before sending it again.</summary>
    Validation,

    /// <summary>The run or activity that the request names does not exist for this tenant.</summary>
    NotFound,

    /// <summary>The request is valid, but the run's current state does not allow it.</summary>
    Conflict,

    /// <summary>
    /// The run has another version than the caller expects. <see cref="Error.CurrentVersion"/> gives the version.
    /// </summary>
    VersionMismatch,

    /// <summary>The idempotency key was used for a different request.</summary>
    IdempotencyKeyReused,

    /// <summary>The state up to which the caller has read is no longer known. It must read all runs again.</summary>
    Expired,

    /// <summary>The rate limit is exceeded. <see cref="Error.RetryAfter"/> gives the time to wait.</summary>
    RateLimited,
}

/// <summary>An expected error. It is returned as a value and never thrown.</summary>
/// <param name="Kind">The kind of error.</param>
/// <param name="Code">The stable, machine-readable error code, in camelCase.</param>
/// <param name="Message">The human-readable description of the error and its remedy.</param>
/// <param name="Target">
/// The path of the invalid value, such as <c>statistics/inboundTotals/errors</c>; null if the error concerns the
/// whole request.
/// </param>
public sealed record Error(ErrorKind Kind, string Code, string Message, string? Target = null)
{
    /// <summary>The individual validation errors of the request, if any.</summary>
    public IReadOnlyList<Error> Details { get; init; } = [];

    /// <summary>The time to wait before a retry. Set for <see cref="ErrorKind.RateLimited"/>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The current version of the run. Set for <see cref="ErrorKind.VersionMismatch"/>.</summary>
    public long? CurrentVersion { get; init; }

    /// <summary>Combines all validation errors of a request into one error.</summary>
    /// <param name="faults">The validation errors; at least one.</param>
    public static Error Aggregate(IReadOnlyList<Error> faults) =>
        new(
            ErrorKind.Validation,
            faults[0].Code,
            faults.Count == 1
                ? faults[0].Message
                : $"{faults.Count} things are wrong with the request; \"details\" lists each with its path. "
                    + $"The first: {faults[0].Message}",
            faults.Count == 1 ? faults[0].Target : null
        )
        {
            Details = faults,
        };
}
