namespace IndustryData.WebApi.OpenApi;

/// <summary>What the description of the service says of a route and the route cannot say by itself. Permission, statuses and query options it says by itself.</summary>
/// <param name="Id">Names the operation; the same at both addresses of runs and for every spelling of the path.</param>
/// <param name="Summary">What it does, in a few words.</param>
/// <param name="Description">What one needs to know to use it, as Markdown.</param>
internal sealed record OperationDescription(string Id, string Summary, string Description)
{
    /// <summary>The request headers that it heeds: keys of <see cref="Parameters.Headers"/>.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>The body that it takes.</summary>
    public RequestBodyDescription? Body { get; init; }

    /// <summary>What its statuses below 400 mean; those from 400 on mean the same everywhere.</summary>
    public required IReadOnlyList<ResponseDescription> Answers { get; init; }
}

/// <summary>The body of a request.</summary>
/// <param name="Schema">A name of <see cref="Schemas"/>.</param>
/// <param name="Examples">Requests as they may really be sent; every one is sent by a test.</param>
internal sealed record RequestBodyDescription(string Schema, params RequestExample[] Examples)
{
    /// <summary>Whether the request must have one.</summary>
    public bool IsRequired { get; init; } = true;
}

/// <summary>An example of a body.</summary>
/// <param name="Name">Names it among those of the operation.</param>
/// <param name="Summary">What it shows.</param>
/// <param name="Json">The body.</param>
internal sealed record RequestExample(string Name, string Summary, string Json);

/// <summary>What a status of an operation means.</summary>
/// <param name="Status">The status, below 400.</param>
/// <param name="Meaning">What it tells.</param>
/// <param name="Content">The schema of each media type; none when the answer has no body.</param>
/// <param name="Headers">The response headers that come with it: keys of <see cref="Parameters.ResponseHeaders"/>.</param>
internal sealed record ResponseDescription(int Status, string Meaning, IReadOnlyDictionary<string, string> Content, IReadOnlyList<string> Headers)
{
    /// <summary>An answer in JSON.</summary>
    public static ResponseDescription Json(int status, string meaning, string schema, params string[] headers) =>
        new(status, meaning, new Dictionary<string, string> { ["application/json"] = schema }, headers);

    /// <summary>An answer as plain text.</summary>
    public static ResponseDescription Text(int status, string meaning, string schema) =>
        new(status, meaning, new Dictionary<string, string> { ["text/plain"] = schema }, []);

    /// <summary>An answer without a body.</summary>
    public static ResponseDescription Empty(int status, string meaning, params string[] headers) => new(status, meaning, new Dictionary<string, string>(), headers);
}

/// <summary>The query options that a route takes.</summary>
internal sealed record SupportedQueryOptions(IReadOnlyList<string> Names);
