using IndustryData.Application.Common;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.OData;

/// <summary>
/// Maps routes together with their metadata: the permission, the documented status codes and the supported query
/// options. For an operation, they are derived from its description.
/// </summary>
internal static class ODataRoutes
{
    /// <summary>Maps an operation without query options.</summary>
    public static void MapOperation(
        this IEndpointRouteBuilder routes,
        OperationDescription operation,
        string path,
        RequestDelegate handler
    ) => routes.MapOperation(operation, path, (http, _) => handler(http));

    /// <summary>Maps an operation.</summary>
    /// <param name="routes">The routes of the service.</param>
    /// <param name="operation">The description of the operation.</param>
    /// <param name="path">The path.</param>
    /// <param name="handler">Processes a request whose OData version, query options and format are supported.</param>
    public static void MapOperation(
        this IEndpointRouteBuilder routes,
        OperationDescription operation,
        string path,
        Func<HttpContext, ODataQueryString, Task> handler
    )
    {
        string[] options = operation is { Method: "GET", MediaType: MediaTypes.Json }
            ? [.. operation.QueryOptions, ODataQueryString.Format]
            : [.. operation.QueryOptions];
        routes.Map(operation, path, options, http => HandleAsync(http, operation, options, handler));
    }

    /// <summary>
    /// Maps an operation that needs neither a token nor the database. It handles the query options itself.
    /// </summary>
    /// <param name="routes">The routes of the service.</param>
    /// <param name="operation">The description of the operation.</param>
    /// <param name="path">The path.</param>
    /// <param name="handler">Processes the request.</param>
    public static void MapAnonymous(
        this IEndpointRouteBuilder routes,
        OperationDescription operation,
        string path,
        RequestDelegate handler
    ) => routes.Map(operation, path, operation.QueryOptions, handler);

    /// <summary>
    /// Maps a path of OData or Microsoft Graph that this service does not implement. The response is 501.
    /// </summary>
    public static void MapNotImplemented(
        this IEndpointRouteBuilder routes,
        string method,
        string path,
        Permission permission
    ) =>
        routes
            .MapMethods(path, [method], RejectNotImplementedAsync)
            .WithPermission(permission)
            .WithStatuses([.. ErrorStatus.OfEveryRequest, ErrorStatus.NotImplemented]);

    /// <summary>
    /// Rejects the other methods of a path with 405. Otherwise, routing would take the last segment of the path for an
    /// id.
    /// </summary>
    public static void MapMethodNotAllowed(
        this IEndpointRouteBuilder routes,
        string method,
        string path,
        Permission permission
    ) =>
        routes
            .Map(path, http => http.Response.RejectMethodAsync(string.Join(", ", WithHead(method))))
            .WithPermission(permission)
            .WithStatuses([.. ErrorStatus.OfEveryRequest, ErrorStatus.MethodNotAllowed])
            .WithMetadata(OnlyRefuses.Instance);

    /// <summary>
    /// Reads the parts of a request that every operation of OData has: the OData version, the query options and the
    /// format of the response.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="offered">The query options that the path supports.</param>
    /// <param name="mediaType">
    /// The media type of the response; null if the response has no body or the handler negotiates the format.
    /// </param>
    /// <returns>
    /// The query options; null if the request was rejected. In this case, the error response has been written.
    /// </returns>
    public static async Task<ODataQueryString?> ReadAsync(
        HttpContext http,
        IReadOnlyList<string> offered,
        string? mediaType
    )
    {
        if (ODataVersions.FaultOf(http.Request) is { } fault)
        {
            await http.WriteBadRequestAsync("unsupportedVersion", fault);
            return null;
        }

        if (await ODataQueryString.ReadAsync(http, offered) is not { } options)
        {
            return null;
        }

        // A text response is a number, which is also valid JSON. A caller that accepts only JSON therefore receives it
        // too.
        if (
            mediaType is null
            || ODataFormat.TryNegotiate(http, options[ODataQueryString.Format])
            || (mediaType == MediaTypes.Text && ODataFormat.Quality(http.Request, MediaTypes.Text) > 0)
        )
        {
            return options;
        }

        await http.WriteNotAcceptableAsync(
            mediaType == MediaTypes.Text
                ? $"The response is {MediaTypes.Text}; send 'Accept: {MediaTypes.Text}', or omit the header Accept."
                : ODataFormat.NotAcceptableMessage
        );
        return null;
    }

    private static void Map(
        this IEndpointRouteBuilder routes,
        OperationDescription operation,
        string path,
        IReadOnlyList<string> options,
        RequestDelegate handler
    )
    {
        var endpoint = routes
            .MapMethods(path, WithHead(operation.Method), handler)
            .WithMetadata(operation, new SupportedQueryOptions(options))
            .WithStatuses(operation.Statuses);
        if (operation.Permission is { } permission)
        {
            endpoint.WithPermission(permission);
        }
        else
        {
            endpoint.AllowAnonymous();
        }
    }

    // HEAD is available for every path that has GET (RFC 9110 §9.3.2). The server omits the body.
    private static string[] WithHead(string method) => method == "GET" ? ["GET", "HEAD"] : [method];

    private static Task RejectNotImplementedAsync(HttpContext http) =>
        http.WriteNotSupportedAsync(
            $"{http.Request.Path} is part of the protocol, but not offered by this version of the service."
        );

    private static IEndpointConventionBuilder WithPermission(
        this IEndpointConventionBuilder endpoint,
        Permission permission
    ) => endpoint.RequireAuthorization(permission.Policy).WithMetadata(permission);

    private static IEndpointConventionBuilder WithStatuses(
        this IEndpointConventionBuilder endpoint,
        IEnumerable<ErrorStatus> errors
    ) => endpoint.WithStatuses(errors.Select(e => e.Status));

    private static IEndpointConventionBuilder WithStatuses(
        this IEndpointConventionBuilder endpoint,
        IEnumerable<int> statuses
    ) => endpoint.WithMetadata([.. statuses.Select(s => new ProducesResponseTypeMetadata(s))]);

    // The caller decides whether the response to a write has a body, if it can have one.
    private static string? MediaTypeFor(HttpContext http, OperationDescription operation) =>
        operation.Method == "GET" || !operation.HasBody
            ? operation.MediaType
            : Preferences.ReturnRepresentation(http) switch
            {
                true => MediaTypes.Json,
                false => null,
                null => operation.MediaType,
            };

    private static async Task HandleAsync(
        HttpContext http,
        OperationDescription operation,
        string[] offered,
        Func<HttpContext, ODataQueryString, Task> handler
    )
    {
        var mediaType =
            operation.Answers[0].Content.ContainsKey(MediaTypes.EventStream) && EventStreamFormat.IsWanted(http.Request)
                ? null
                : MediaTypeFor(http, operation);
        if (await ReadAsync(http, offered, mediaType) is not { } options)
        {
            return;
        }

        if (http.RequestServices.GetRequiredService<IDatabaseHealth>().Outage is { } outage)
        {
            await http.WriteErrorAsync(outage, GraphErrors.NothingStored);
            return;
        }

        await handler(http, options);
    }
}
