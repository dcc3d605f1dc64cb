namespace IndustryData.Domain;

/// <summary>What sort of refusal an <see cref="Error"/> is. HTTP turns each into one status.</summary>
public enum ErrorKind
{
    /// <summary>The request itself is wrong: mend it and send it again.</summary>
    Validation,

    /// <summary>What the request names does not exist for this tenant.</summary>
    NotFound,

    /// <summary>The request is right, but not in the state that the run is in.</summary>
    Conflict,

    /// <summary>The run is not the version that the caller made a condition.</summary>
    PreconditionFailed,

    /// <summary>The request's key was used for another request.</summary>
    IdempotencyKeyReused,

    /// <summary>What the request goes on from is there no more: begin anew.</summary>
    Gone,

    /// <summary>The request comes too often: <see cref="Error.RetryAfter"/> says when to send it again.</summary>
    RateLimited,
}

/// <summary>An expected refusal: a value that is returned, never thrown.</summary>
/// <param name="Kind">The sort of refusal.</param>
/// <param name="Code">The cause in camelCase, stable, for programs.</param>
/// <param name="Message">For people: what is wrong and what to do about it.</param>
/// <param name="Target">The JSON path of what is wrong (<c>statistics/inboundTotals/errors</c>); null when it is the whole request.</param>
public sealed record Error(ErrorKind Kind, string Code, string Message, string? Target = null)
{
    /// <summary>Every single fault, when the request has faults that can be named one by one.</summary>
    public IReadOnlyList<Error> Details { get; init; } = [];

    /// <summary>When trying again is worth it, of an error of the kind <see cref="ErrorKind.RateLimited"/>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>One error that carries every fault of a request.</summary>
    /// <param name="faults">At least one fault.</param>
    public static Error Aggregate(IReadOnlyList<Error> faults) => new(
        ErrorKind.Validation,
        faults[0].Code,
        faults.Count == 1 ? faults[0].Message : $"{faults.Count} things are wrong with the request; \"details\" lists each with its path. The first: {faults[0].Message}",
        faults.Count == 1 ? faults[0].Target : null)
    {
        Details = faults,
    };
}
