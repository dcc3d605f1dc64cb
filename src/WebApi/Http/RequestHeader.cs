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
        "The `ETag` that the run must have; otherwise the response is 412. Without the header, the last write wins.",
        "*"
    );

    public static readonly RequestHeader IfNoneMatch = new(
        "IfNoneMatch",
        "If-None-Match",
        "The `ETag` that the caller knows. The response is 304 if the run still has it.",
        "W/\"999999\""
    );

    public static readonly RequestHeader PreferReturn = new(
        "PreferReturn",
        "Prefer",
        "`return=representation` for a response with the entity, `return=minimal` for one without a body.",
        "return=representation"
    );

    public static readonly RequestHeader PreferPageSize = new(
        "PreferPageSize",
        "Prefer",
        "`odata.maxpagesize=N` for pages of at most N entities.",
        "odata.maxpagesize=20"
    );

    public static readonly RequestHeader IdempotencyKey = new(
        "IdempotencyKey",
        "Idempotency-Key",
        "The idempotency key, which makes the request safe to repeat: "
            + "a repeat within 24 hours gets the first response. 1 to 255 printable ASCII characters.",
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
        "The time at which the request was first sent, as an HTTP date. After 24 hours, the response is 412.",
        null
    );

    public static readonly RequestHeader LastEventId = new(
        "LastEventId",
        "Last-Event-ID",
        "The id of the last event that the caller has received. A stream of events continues after it.",
        null
    );

    public static readonly RequestHeader Position = new(
        "Position",
        PositionMiddleware.HeaderName,
        "The position that a write returned. The response then includes this write, even if the service reads from "
            + "standbys.",
        "0000000000000000"
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
        LastEventId,
        Position,
    ];

    /// <summary>The headers that make a request safe to repeat.</summary>
    public static readonly IReadOnlyList<RequestHeader> Idempotency =
    [
        IdempotencyKey,
        RepeatabilityRequestId,
        RepeatabilityFirstSent,
    ];
}
