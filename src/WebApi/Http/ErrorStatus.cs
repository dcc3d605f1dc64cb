namespace IndustryData.WebApi.Http;

/// <summary>A status code of an error. It has the same meaning in all operations.</summary>
/// <param name="Status">The status code, 400 or above.</param>
/// <param name="Meaning">The meaning of the status code, as Markdown.</param>
/// <param name="Headers">The headers of the response.</param>
internal sealed record ErrorStatus(int Status, string Meaning, params IReadOnlyList<ResponseHeader> Headers)
{
    public static readonly ErrorStatus BadRequest = new(
        StatusCodes.Status400BadRequest,
        "The request is malformed or invalid. `error.details` lists all errors of the body. "
            + "`error.message` says what to do."
    );

    public static readonly ErrorStatus Unauthorized = new(
        StatusCodes.Status401Unauthorized,
        "The request has no valid token.",
        ResponseHeader.Authenticate
    );

    public static readonly ErrorStatus Forbidden = new(
        StatusCodes.Status403Forbidden,
        "The token does not have the required permission."
    );

    public static readonly ErrorStatus NotFound = new(
        StatusCodes.Status404NotFound,
        "The entity does not exist, or belongs to another tenant."
    );

    public static readonly ErrorStatus MethodNotAllowed = new(
        StatusCodes.Status405MethodNotAllowed,
        "The path does not support the method."
    );

    public static readonly ErrorStatus NotAcceptable = new(
        StatusCodes.Status406NotAcceptable,
        "`Accept` allows no supported format."
    );

    public static readonly ErrorStatus Conflict = new(
        StatusCodes.Status409Conflict,
        "The change would alter a final value of the run or activity."
    );

    public static readonly ErrorStatus Gone = new(
        StatusCodes.Status410Gone,
        "The delta token is too old, or belongs to another database. Start again at `Location`.",
        ResponseHeader.Location
    );

    public static readonly ErrorStatus PreconditionFailed = new(
        StatusCodes.Status412PreconditionFailed,
        "The run has another `ETag`, or the request is repeated too late."
    );

    public static readonly ErrorStatus ContentTooLarge = new(
        StatusCodes.Status413PayloadTooLarge,
        "The body is larger than 1 MiB, or 4 MiB for a batch."
    );

    public static readonly ErrorStatus UnsupportedMediaType = new(
        StatusCodes.Status415UnsupportedMediaType,
        "The body is not JSON in UTF-8."
    );

    public static readonly ErrorStatus UnprocessableContent = new(
        StatusCodes.Status422UnprocessableEntity,
        "The idempotency key was used with another body."
    );

    public static readonly ErrorStatus TooManyRequests = new(
        StatusCodes.Status429TooManyRequests,
        "A limit of the tenant is reached. `Retry-After` is the number of seconds to wait.",
        ResponseHeader.RetryAfter
    );

    public static readonly ErrorStatus NotImplemented = new(
        StatusCodes.Status501NotImplemented,
        "The service does not implement this part of the protocol."
    );

    public static readonly ErrorStatus ServiceUnavailable = new(
        StatusCodes.Status503ServiceUnavailable,
        "The database is unavailable, or the service is overloaded. `Retry-After` is the number of seconds to wait.",
        ResponseHeader.RetryAfter
    );

    /// <summary>The status codes that every request with a token can have.</summary>
    public static readonly IReadOnlyList<ErrorStatus> OfEveryRequest =
    [
        Unauthorized,
        Forbidden,
        TooManyRequests,
        ServiceUnavailable,
    ];

    /// <summary>
    /// The status codes that the OpenAPI document describes. No described operation responds with 405. The document
    /// leaves out the errors of malformed HTTP, of the server itself and of items of a batch.
    /// </summary>
    public static readonly IReadOnlyList<ErrorStatus> All =
    [
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        NotAcceptable,
        Conflict,
        Gone,
        PreconditionFailed,
        ContentTooLarge,
        UnsupportedMediaType,
        UnprocessableContent,
        TooManyRequests,
        NotImplemented,
        ServiceUnavailable,
    ];

    /// <summary>Checks a status code.</summary>
    /// <returns>Returns true for 400 and above.</returns>
    public static bool IsError(int status) => status >= StatusCodes.Status400BadRequest;
}
