namespace IndustryData.WebApi.Http;

/// <summary>A request header that operations support.</summary>
/// <param name="Key">The key of the header, unique among all headers. <c>Prefer</c> has several.</param>
/// <param name="Name">The name of the header.</param>
/// <param name="Description">The description of the header, as Markdown.</param>
/// <param name="Example">
/// An example; null if the value must be new for each request. The reference page sends all examples of an operation
/// at once, so they are consistent with each other.
/// </param>
internal sealed record RequestHeader(string Key, string Name, string Description, string? Example)
{
    public static readonly RequestHeader IfMatch = new(
        "IfMatch",
        "If-Match",
        "The `ETag` that the run must still have, or 412. Without it the last writer wins.",
        "*"
    );

    public static readonly RequestHeader IfNoneMatch = new(
        "IfNoneMatch",
        "If-None-Match",
        "The `ETag` that the caller has; the answer is 304 while the run still has it.",
        "W/\"999999\""
    );

    public static readonly RequestHeader PreferReturn = new(
        "PreferReturn",
        "Prefer",
        "`return=representation` to have what was written, `return=minimal` to have nothing but headers.",
        "return=representation"
    );

    public static readonly RequestHeader PreferPageSize = new(
        "PreferPageSize",
        "Prefer",
        "`odata.maxpagesize=N`: at most N runs a page.",
        "odata.maxpagesize=20"
    );

    public static readonly RequestHeader IdempotencyKey = new(
        "IdempotencyKey",
        "Idempotency-Key",
        "Names the request, so that it can be sent again safely: "
            + "within 24 hours it is answered like the first time. 1 to 255 printable ASCII characters.",
        null
    );

    public static readonly RequestHeader RepeatabilityRequestId = new(
        "RepeatabilityRequestId",
        "Repeatability-Request-ID",
        "A GUID, with the same meaning as `Idempotency-Key` (OASIS Repeatable Requests); "
            + "together with `Repeatability-First-Sent`.",
        null
    );

    public static readonly RequestHeader RepeatabilityFirstSent = new(
        "RepeatabilityFirstSent",
        "Repeatability-First-Sent",
        "When the request was sent for the first time, as an HTTP date; after 24 hours the answer is 412.",
        null
    );

    /// <summary>All request headers that operations support.</summary>
    public static readonly IReadOnlyList<RequestHeader> All =
    [
        IfMatch,
        IfNoneMatch,
        PreferReturn,
        PreferPageSize,
        IdempotencyKey,
        RepeatabilityRequestId,
        RepeatabilityFirstSent,
    ];

    /// <summary>The headers that make a request safe to repeat.</summary>
    public static readonly IReadOnlyList<RequestHeader> Idempotency =
    [
        IdempotencyKey,
        RepeatabilityRequestId,
        RepeatabilityFirstSent,
    ];
}

/// <summary>A header of responses.</summary>
/// <param name="Name">The name of the header.</param>
/// <param name="Description">The description of the header, as Markdown.</param>
internal sealed record ResponseHeader(string Name, string Description)
{
    public static readonly ResponseHeader Location = new(
        "Location",
        "The absolute URL of what was created, or the URL at which to start again."
    );

    public static readonly ResponseHeader EntityId = new(
        "OData-EntityId",
        "The id URL of what was made (OData Protocol §8.3.4)."
    );

    public static readonly ResponseHeader ETag = new(
        "ETag",
        "The run's version, to be sent back in `If-Match` or `If-None-Match`."
    );

    public static readonly ResponseHeader PreferenceApplied = new("Preference-Applied", "The preference that was met.");

    public static readonly ResponseHeader RepeatabilityResult = new(
        "Repeatability-Result",
        "`accepted` when the request had a key: it was carried out once, now or before."
    );

    public static readonly ResponseHeader RetryAfter = new(
        "Retry-After",
        "After how many seconds another try is worth it."
    );

    public static readonly ResponseHeader Authenticate = new(
        "WWW-Authenticate",
        "What kind of token is asked for, and what is wrong with the one that came."
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
    ];
}
