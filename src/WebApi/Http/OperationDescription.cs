using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Http;

/// <summary>
/// An operation of the API: who may call it, what it accepts and how it responds. The routes and the OpenAPI document
/// are derived from it.
/// </summary>
/// <param name="Id">
/// The id of the operation. It is the same for both paths of the runs and for all spellings of the path.
/// </param>
/// <param name="Method">The HTTP method. A <c>GET</c> operation also handles <c>HEAD</c>.</param>
/// <param name="Permission">The permission that the operation requires; null if it needs no token.</param>
/// <param name="Summary">A summary of a few words.</param>
/// <param name="Description">The information that callers need to use the operation, as Markdown.</param>
internal sealed record OperationDescription(
    string Id,
    string Method,
    Permission? Permission,
    string Summary,
    string Description
)
{
    /// <summary>The query options of OData that the operation supports, in addition to <c>$format</c>.</summary>
    public IReadOnlyList<string> QueryOptions { get; init; } = [];

    /// <summary>The request headers that the operation supports.</summary>
    public IReadOnlyList<RequestHeader> Headers { get; init; } = [];

    /// <summary>The request body of the operation.</summary>
    public RequestBodyDescription? Body { get; init; }

    /// <summary>
    /// The successful responses. The first one is the response to a caller that states no preference.
    /// </summary>
    public required IReadOnlyList<ResponseDescription> Answers { get; init; }

    /// <summary>The errors that do not follow from the other parts of the description.</summary>
    public IReadOnlyList<ErrorStatus> OtherErrors { get; init; } = [];

    /// <summary>
    /// True if requests and responses follow the OData protocol. The other operations check neither versions nor
    /// formats.
    /// </summary>
    public bool IsOData { get; init; } = true;

    /// <summary>The media type of the response to a caller that states no preference; null if it has no body.</summary>
    public string? MediaType => Answers[0].Content.Keys.FirstOrDefault();

    /// <summary>True if a response can have a body.</summary>
    public bool HasBody => Answers.Any(a => a.Content.Count > 0);

    /// <summary>All status codes of the operation, in ascending order.</summary>
    public IEnumerable<int> Statuses =>
        Answers.Select(a => a.Status).Concat(Errors().Concat(OtherErrors).Select(e => e.Status)).Distinct().Order();

    private IEnumerable<ErrorStatus> Errors()
    {
        if (Permission is not null)
        {
            foreach (var error in ErrorStatus.OfEveryRequest)
            {
                yield return error;
            }
        }

        if (IsOData)
        {
            yield return ErrorStatus.BadRequest;
        }

        if (IsOData && HasBody)
        {
            yield return ErrorStatus.NotAcceptable;
        }

        if (Body is not null)
        {
            yield return ErrorStatus.ContentTooLarge;
            yield return ErrorStatus.UnsupportedMediaType;
        }

        if (Headers.Contains(RequestHeader.IfMatch) || Headers.Contains(RequestHeader.RepeatabilityFirstSent))
        {
            yield return ErrorStatus.PreconditionFailed;
        }

        if (Headers.Contains(RequestHeader.IdempotencyKey))
        {
            yield return ErrorStatus.UnprocessableContent;
        }
    }
}

/// <summary>The body of a request.</summary>
/// <param name="Schema">The name of a schema of the OpenAPI document.</param>
/// <param name="Examples">Realistic requests. A test sends each of them.</param>
internal sealed record RequestBodyDescription(string Schema, params RequestExample[] Examples)
{
    /// <summary>True if the request must have a body.</summary>
    public bool IsRequired { get; init; } = true;
}

/// <summary>An example of a request body.</summary>
/// <param name="Name">The name of the example, unique within the operation.</param>
/// <param name="Summary">A description of the example.</param>
/// <param name="Json">The body.</param>
internal sealed record RequestExample(string Name, string Summary, string Json);

/// <summary>A successful response of an operation.</summary>
internal sealed record ResponseDescription
{
    private ResponseDescription(
        int status,
        string meaning,
        IReadOnlyDictionary<string, string> content,
        IReadOnlyList<ResponseHeader> headers
    ) => (Status, Meaning, Content, Headers) = (status, meaning, content, headers);

    /// <summary>The status code, below 400.</summary>
    public int Status { get; }

    /// <summary>The meaning of the status code.</summary>
    public string Meaning { get; }

    /// <summary>The schema of each media type; empty if the response has no body.</summary>
    public IReadOnlyDictionary<string, string> Content { get; }

    /// <summary>The headers of the response.</summary>
    public IReadOnlyList<ResponseHeader> Headers { get; }

    /// <summary>Describes a JSON response with status 200.</summary>
    public static ResponseDescription Ok(string meaning, string schema, params ResponseHeader[] headers) =>
        new(StatusCodes.Status200OK, meaning, Json(schema), headers);

    /// <summary>Describes a response with status 200 in several media types.</summary>
    /// <param name="meaning">The meaning of the response.</param>
    /// <param name="content">The media types with their schemas. The first one is the default.</param>
    public static ResponseDescription Ok(string meaning, params (string MediaType, string Schema)[] content) =>
        new(StatusCodes.Status200OK, meaning, content.ToDictionary(c => c.MediaType, c => c.Schema), []);

    /// <summary>Describes a redirection with status 302.</summary>
    public static ResponseDescription Found(string meaning) =>
        Empty(StatusCodes.Status302Found, meaning, [ResponseHeader.Location]);

    /// <inheritdoc cref="Ok(string, ValueTuple{string, string}[])" />
    /// <param name="headers">The headers of the response.</param>
    public static ResponseDescription Ok(
        string meaning,
        IReadOnlyList<(string MediaType, string Schema)> content,
        params ResponseHeader[] headers
    ) => new(StatusCodes.Status200OK, meaning, content.ToDictionary(c => c.MediaType, c => c.Schema), headers);

    /// <summary>Describes a response with status 201 and the created entity.</summary>
    public static ResponseDescription Created(string meaning, string schema, params ResponseHeader[] headers) =>
        new(StatusCodes.Status201Created, meaning, Json(schema), headers);

    /// <summary>Describes a response with status 202.</summary>
    public static ResponseDescription Accepted(string meaning, params ResponseHeader[] headers) =>
        Empty(StatusCodes.Status202Accepted, meaning, headers);

    /// <summary>Describes a response with status 204.</summary>
    public static ResponseDescription NoContent(string meaning, params ResponseHeader[] headers) =>
        Empty(StatusCodes.Status204NoContent, meaning, headers);

    /// <summary>Describes a response with status 304.</summary>
    public static ResponseDescription NotModified(string meaning, params ResponseHeader[] headers) =>
        Empty(StatusCodes.Status304NotModified, meaning, headers);

    private static ResponseDescription Empty(int status, string meaning, ResponseHeader[] headers) =>
        new(status, meaning, new Dictionary<string, string>(), headers);

    private static Dictionary<string, string> Json(string schema) => new() { [MediaTypes.Json] = schema };
}

/// <summary>The query options that a route supports.</summary>
internal sealed record SupportedQueryOptions(IReadOnlyList<string> Names);
