namespace IndustryData.WebApi.OpenApi;

/// <summary>
/// The parts of an operation's description that the route metadata does not contain. The route metadata contains the
/// permission, the status codes and the query options.
/// </summary>
/// <param name="Id">
/// The id of the operation. It is the same for both paths of the runs and for all spellings of the path.
/// </param>
/// <param name="Summary">A summary of a few words.</param>
/// <param name="Description">The information that callers need to use the operation, as Markdown.</param>
internal sealed record OperationDescription(string Id, string Summary, string Description)
{
    /// <summary>The request headers that the operation supports: keys of <see cref="Parameters.Headers"/>.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>The request body of the operation.</summary>
    public RequestBodyDescription? Body { get; init; }

    /// <summary>
    /// The descriptions of the status codes below 400. The status codes from 400 have the same meaning in all
    /// operations.
    /// </summary>
    public required IReadOnlyList<ResponseDescription> Answers { get; init; }
}

/// <summary>The body of a request.</summary>
/// <param name="Schema">The name of a schema in <see cref="Schemas"/>.</param>
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

/// <summary>The description of a status code of an operation.</summary>
/// <param name="Status">The status code, below 400.</param>
/// <param name="Meaning">The meaning of the status code.</param>
/// <param name="Content">The schema of each media type, or an empty dictionary if the response has no body.</param>
/// <param name="Headers">The headers of the response: keys of <see cref="Parameters.ResponseHeaders"/>.</param>
internal sealed record ResponseDescription(
    int Status,
    string Meaning,
    IReadOnlyDictionary<string, string> Content,
    IReadOnlyList<string> Headers
)
{
    /// <summary>Creates the description of a JSON response.</summary>
    public static ResponseDescription Json(int status, string meaning, string schema, params string[] headers) =>
        new(status, meaning, new Dictionary<string, string> { ["application/json"] = schema }, headers);

    /// <summary>Creates the description of a plain text response.</summary>
    public static ResponseDescription Text(int status, string meaning, string schema) =>
        new(status, meaning, new Dictionary<string, string> { ["text/plain"] = schema }, []);

    /// <summary>Creates the description of a response without a body.</summary>
    public static ResponseDescription Empty(int status, string meaning, params string[] headers) =>
        new(status, meaning, new Dictionary<string, string>(), headers);
}

/// <summary>The query options that a route supports.</summary>
internal sealed record SupportedQueryOptions(IReadOnlyList<string> Names);
