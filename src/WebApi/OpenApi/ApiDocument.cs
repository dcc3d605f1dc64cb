using System.Text.Json.Nodes;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;

namespace IndustryData.WebApi.OpenApi;

/// <summary>Creates the OpenAPI document from the metadata of the mapped routes.</summary>
internal static class ApiDocument
{
    /// <summary>The name of the security scheme.</summary>
    public const string Bearer = "bearer";

    private const string Service = "service";

    /// <summary>
    /// Returns the HTTP method of a route's entry in the document. HEAD requests have the same response as GET
    /// requests, and OPTIONS responses only list the methods. Therefore neither method has its own entry.
    /// </summary>
    /// <returns>The method, or null if the route needs no entry.</returns>
    public static string? MethodOf(RouteEndpoint route) =>
        route
            .Metadata.GetMetadata<IHttpMethodMetadata>()
            ?.HttpMethods.FirstOrDefault(m => !HttpMethods.IsHead(m) && !HttpMethods.IsOptions(m));

    /// <summary>Returns the status codes that a route documents, in ascending order.</summary>
    public static IEnumerable<int> StatusesOf(RouteEndpoint route) =>
        route.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>().Select(p => p.StatusCode).Distinct().Order();

    /// <summary>Checks for the description of a status code of 400 or above.</summary>
    /// <returns>Returns true if the document has a description of the status code.</returns>
    public static bool IsDocumentedError(int status) => ErrorStatus.All.Any(e => e.Status == status);

    /// <summary>
    /// Returns the operation id in the document. It consists of the path of runs that the route belongs to, if any, and
    /// the id of the operation.
    /// </summary>
    public static string IdOf(RouteEndpoint route, OperationDescription operation)
    {
        var address = RunCollectionPath.All.FirstOrDefault(a =>
            route.RoutePattern.RawText!.StartsWith($"/{a.Path}", StringComparison.Ordinal)
        );
        return address is null ? operation.Id : $"{address.Path.Split('/')[0]}_{operation.Id}";
    }

    /// <summary>Adds the operations and components to the document.</summary>
    /// <param name="document">The document. Existing content is kept.</param>
    /// <param name="routes">
    /// The routes. If an operation has several routes, the document describes the first one and lists the others in its
    /// description.
    /// </param>
    public static void Fill(OpenApiDocument document, IEnumerable<RouteEndpoint> routes)
    {
        document.Info = Info();
        document.Components = new OpenApiComponents();
        document.Tags = new HashSet<OpenApiTag>
        {
            new() { Name = RunCollectionPath.All[0].Path, Description = "The runs." },
            new()
            {
                Name = RunCollectionPath.All[1].Path,
                Description = "The same runs, at the path of the published Microsoft Graph.",
            },
            new() { Name = Service, Description = "The service itself, and the singletons above the runs." },
        };
        document.AddComponent(
            Bearer,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description =
                    "A JWT whose `tid` is the tenant and whose `roles` or `scp` name the permission: "
                    + $"{string.Join(", ", Permissions.Names.Select(n => $"`{n}`"))}.",
            }
        );
        Schemas.AddTo(document);
        foreach (var header in ResponseHeader.All)
        {
            document.AddComponent(header.Name, Parameters.Of(header));
        }

        var parameters = Parameters.PathParameters.Concat(Parameters.Options).Concat(Parameters.Headers);
        foreach (var (name, parameter) in parameters)
        {
            document.AddComponent(ComponentOf(name), parameter);
        }

        foreach (var error in ErrorStatus.All)
        {
            document.AddComponent(GraphErrors.CodeOf(error.Status), Response(error, document));
        }

        document.Paths = [];
        var described =
            from route in routes
            let operation = route.Metadata.GetMetadata<OperationDescription>()
            where operation is not null
            group route by IdOf(route, operation);
        foreach (var spellings in described)
        {
            var route = spellings.First();
            Add(document, route, spellings.Skip(1).Select(r => r.RoutePattern.RawText!));
        }
    }

    private static OpenApiInfo Info() =>
        new()
        {
            Title = "IndustryData",
            Version = "1.0",
            Description =
                "A ledger of data-ingestion runs with the interface of Microsoft Graph's `industryData`. "
                + "Runs are reported with one `POST` and read back with OData queries.\n"
                + "A 2xx response to a write means that the write is committed and flushed to disk.\n"
                + "\n"
                + "All paths exist below `/` and below `/beta`, and are case-insensitive. "
                + "There is one collection of runs at two paths: `/process/runs` and `/external/industryData/runs`.\n"
                + "Each operation is described at one spelling of its path. Its description lists the others. "
                + "`HEAD` is available for every path that has `GET`.\n"
                + "Query options are accepted with and without `$`. No query option is ignored: "
                + "an unknown one results in 400.\n"
                + "\n"
                + "Every response has the header `request-id`; "
                + "the header `client-request-id` of a request is repeated in its response.",
        };

    private static void Add(OpenApiDocument document, RouteEndpoint route, IEnumerable<string> otherSpellings)
    {
        var operation = route.Metadata.GetMetadata<OperationDescription>()!;
        var path = route.RoutePattern.RawText!;
        var permission = route.Metadata.GetMetadata<Permission>();
        var isAnonymous = route.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        var tag = TagOf(path);
        var entry = new OpenApiOperation
        {
            OperationId = IdOf(route, operation),
            Tags = new HashSet<OpenApiTagReference> { new(tag, document) },
            Summary = operation.Summary,
            Description = string.Join(
                "\n\n",
                ((string[])[operation.Description, Access(permission, isAnonymous), Others([.. otherSpellings])]).Where(
                    s => s.Length > 0
                )
            ),
            Parameters = [.. ParametersOf(route, operation, document)],
            RequestBody = operation.Body is { } body ? Request(body, document) : null,
            Responses = [],
            Security = isAnonymous
                ? []
                : [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }],
        };
        foreach (var answer in operation.Answers.OrderBy(a => a.Status))
        {
            entry.Responses[$"{answer.Status}"] = Response(answer, document);
        }

        foreach (var status in StatusesOf(route).Where(ErrorStatus.IsError))
        {
            entry.Responses[$"{status}"] = new OpenApiResponseReference(GraphErrors.CodeOf(status), document);
        }

        if (!document.Paths.TryGetValue(path, out var item))
        {
            document.Paths[path] = item = new OpenApiPathItem();
        }

        ((OpenApiPathItem)item).AddOperation(HttpMethod.Parse(MethodOf(route)!), entry);
    }

    private static string Access(Permission? permission, bool isAnonymous) =>
        permission switch
        {
            _ when isAnonymous => "Needs no token.",
            { AnyOf.Count: > 0 } =>
                $"Needs the permission {string.Join(" or ", permission.AnyOf.Select(p => $"`{p}`"))}.",
            _ => "Needs a valid token. No permission is required.",
        };

    private static string Others(string[] spellings) =>
        spellings.Length == 0 ? "" : $"Other spellings: {string.Join(", ", spellings.Select(s => $"`{s}`"))}.";

    private static string TagOf(string path) =>
        RunCollectionPath.All.FirstOrDefault(a => path.StartsWith($"/{a.Path}", StringComparison.Ordinal))?.Path
        ?? Service;

    private static IEnumerable<IOpenApiParameter> ParametersOf(
        RouteEndpoint route,
        OperationDescription operation,
        OpenApiDocument document
    ) =>
        route
            .RoutePattern.Parameters.Select(p => p.Name)
            .Concat(route.Metadata.GetMetadata<SupportedQueryOptions>()?.Names ?? [])
            .Concat(operation.Headers.Select(h => h.Key))
            .Select(name => new OpenApiParameterReference(ComponentOf(name), document));

    // The names of components cannot contain $.
    private static string ComponentOf(string name) => name.TrimStart('$');

    private static OpenApiRequestBody Request(RequestBodyDescription body, OpenApiDocument document) =>
        new()
        {
            Required = body.IsRequired,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [MediaTypes.Json] = new()
                {
                    Schema = Schemas.Reference(body.Schema, document),
                    Examples = body.Examples.ToDictionary(
                        e => e.Name,
                        IOpenApiExample (e) =>
                            new OpenApiExample { Summary = e.Summary, Value = JsonNode.Parse(e.Json) }
                    ),
                },
            },
        };

    private static OpenApiResponse Response(ResponseDescription answer, OpenApiDocument document) =>
        new()
        {
            Description = answer.Meaning,
            Headers = Headers(answer.Headers, document),
            Content = answer.Content.ToDictionary(
                c => c.Key,
                c => new OpenApiMediaType { Schema = Schemas.Reference(c.Value, document) }
            ),
        };

    private static OpenApiResponse Response(ErrorStatus error, OpenApiDocument document) =>
        new()
        {
            Description = error.Meaning,
            Headers = Headers(error.Headers, document),
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [MediaTypes.Json] = new() { Schema = Schemas.Reference(Schemas.Error, document) },
            },
        };

    private static Dictionary<string, IOpenApiHeader> Headers(
        IReadOnlyList<ResponseHeader> headers,
        OpenApiDocument document
    ) => headers.ToDictionary(h => h.Name, IOpenApiHeader (h) => new OpenApiHeaderReference(h.Name, document));
}
