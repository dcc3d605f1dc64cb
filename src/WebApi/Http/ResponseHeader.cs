namespace IndustryData.WebApi.Http;

/// <summary>A header of responses.</summary>
/// <param name="Name">The name of the header.</param>
/// <param name="Description">The description of the header, as Markdown.</param>
internal sealed record ResponseHeader(string Name, string Description)
{
    public static readonly ResponseHeader Location = new(
        "Location",
        "The absolute URL of the created entity, or the URL at which to start again."
    );

    public static readonly ResponseHeader EntityId = new(
        "OData-EntityId",
        "The entity-id of the created entity (OData Protocol §8.3.4)."
    );

    public static readonly ResponseHeader ETag = new(
        "ETag",
        "The version of the run, for `If-Match` and `If-None-Match`."
    );

    public static readonly ResponseHeader PreferenceApplied = new(
        "Preference-Applied",
        "The preferences that were applied."
    );

    public static readonly ResponseHeader RepeatabilityResult = new(
        "Repeatability-Result",
        "`accepted` if the request had an idempotency key. It was executed exactly once, by this or an earlier attempt."
    );

    public static readonly ResponseHeader RetryAfter = new(
        "Retry-After",
        "The number of seconds to wait before the next attempt."
    );

    public static readonly ResponseHeader Authenticate = new(
        "WWW-Authenticate",
        "The authentication scheme, and the reason why the token was rejected."
    );

    public static readonly ResponseHeader Position = new(
        PositionMiddleware.HeaderName,
        "The position of the write, if the service reads from standbys. Send it with the reads that must include the "
            + "write."
    );

    /// <summary>All headers of responses that the OpenAPI document describes.</summary>
    public static readonly IReadOnlyList<ResponseHeader> All =
    [
        Location,
        EntityId,
        ETag,
        PreferenceApplied,
        RepeatabilityResult,
        RetryAfter,
        Authenticate,
        Position,
    ];
}
