using IndustryData.Application.Common;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Maps a route together with the metadata that every route must have: a permission, the documented status codes, and
/// the supported query options.
/// </summary>
internal static class Routes
{
    /// <summary>The media type of payloads.</summary>
    public const string Json = "application/json";

    private const string Text = "text/plain";

    private static readonly int[] _always = [401, 403, 429, 503];

    /// <summary>
    /// Maps a path without query options. Use <see cref="OpenApiEndpoints.WithOperation"/> to describe the operation.
    /// </summary>
    public static IEndpointConventionBuilder MapODataEndpoint(
        this IEndpointRouteBuilder routes,
        string method,
        string path,
        Permission permission,
        RequestDelegate handler,
        int[] statuses
    ) => routes.MapODataEndpoint(method, path, permission, (http, _) => handler(http), statuses, []);

    /// <summary>Maps a path. Use <see cref="OpenApiEndpoints.WithOperation"/> to describe the operation.</summary>
    public static IEndpointConventionBuilder MapODataEndpoint(
        this IEndpointRouteBuilder routes,
        string method,
        string path,
        Permission permission,
        Func<HttpContext, ODataQueryString, Task> handler,
        int[] statuses,
        string[] options,
        bool isText = false
    )
    {
        // The response to adding a reference has no body, unless the caller asks for the run.
        var isRead = method == "GET";
        var media =
            isText ? Text
            : isRead
            || statuses.Contains(200)
            || (statuses.Contains(201) && !path.EndsWith("/$ref", StringComparison.Ordinal))
                ? Json
            : null;
        string[] taken = isRead && !isText ? [.. options, ODataQueryString.Format] : options;
        return routes
            .MapMethods(path, WithHead(method), http => HandleAsync(http, handler, taken, MediaOf(http, media)))
            .WithStatuses(
                permission,
                [.. statuses.Union(media is null ? [] : [StatusCodes.Status406NotAcceptable]).Union(_always)]
            )
            .WithMetadata(new SupportedQueryOptions(taken));
    }

    /// <summary>
    /// Maps a path of OData or Microsoft Graph that this service does not implement. The response is 501.
    /// </summary>
    public static void MapNotImplemented(
        this IEndpointRouteBuilder routes,
        string method,
        string path,
        Permission permission
    ) => routes.MapMethods(path, [method], RefuseNotOfferedAsync).WithStatuses(permission, [501, .. _always]);

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
            .Map(path, http => RefuseMethod(http, string.Join(", ", WithHead(method))))
            .WithStatuses(permission, [405, .. _always])
            .WithMetadata(OnlyRefuses.Instance);

    // HEAD is available for every path that has GET (RFC 9110 §9.3.2). The server omits the body.
    private static string[] WithHead(string method) => method == "GET" ? ["GET", "HEAD"] : [method];

    private static Task RefuseNotOfferedAsync(HttpContext http) =>
        http.WriteErrorAsync(
            StatusCodes.Status501NotImplemented,
            "notSupported",
            $"{http.Request.Path} is part of the protocol, but not offered by this version of the service."
        );

    private static Task RefuseMethod(HttpContext http, string allow)
    {
        http.Response.Headers.Allow = allow;
        http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        return Task.CompletedTask;
    }

    private static IEndpointConventionBuilder WithStatuses(
        this IEndpointConventionBuilder endpoint,
        Permission permission,
        int[] statuses
    )
    {
        endpoint.RequireAuthorization(permission.Policy);
        endpoint.WithMetadata(permission);
        foreach (var status in statuses)
        {
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status));
        }

        return endpoint;
    }

    /// <summary>
    /// Reads the parts of a request that every route has: the OData version, the query options and the format of the
    /// response.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="offered">The query options that the path supports.</param>
    /// <param name="media">The media type of the response; null if the response has no body.</param>
    /// <returns>
    /// The query options; null if the request was rejected. In this case, the error response has been written.
    /// </returns>
    public static async Task<ODataQueryString?> ReadAsync(HttpContext http, string[] offered, string? media)
    {
        if (ODataVersions.FaultOf(http.Request) is { } fault)
        {
            await http.WriteErrorAsync(StatusCodes.Status400BadRequest, "unsupportedVersion", fault);
            return null;
        }

        if (await ODataQueryString.ReadAsync(http, offered) is not { } options)
        {
            return null;
        }

        // A text response is a number, which is also valid JSON. A caller that accepts only JSON therefore receives it
        // too.
        if (
            media is null
            || ODataFormat.TryNegotiate(http, options[ODataQueryString.Format])
            || (media == Text && ODataFormat.Quality(http.Request, Text) > 0)
        )
        {
            return options;
        }

        await http.WriteErrorAsync(
            StatusCodes.Status406NotAcceptable,
            "notAcceptable",
            media == Text
                ? $"The response is {Text}; send 'Accept: {Text}', or omit the header Accept."
                : ODataFormat.NotAcceptableMessage
        );
        return null;
    }

    // The caller decides whether the response to a write has a body.
    private static string? MediaOf(HttpContext http, string? media) =>
        HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)
            ? media
            : Preferences.ReturnRepresentation(http) switch
            {
                true => Json,
                false => null,
                null => media,
            };

    private static async Task HandleAsync(
        HttpContext http,
        Func<HttpContext, ODataQueryString, Task> handler,
        string[] offered,
        string? media
    )
    {
        if (await ReadAsync(http, offered, media) is not { } options)
        {
            return;
        }

        if (http.RequestServices.GetRequiredService<IDatabaseHealth>().Outage is { } outage)
        {
            await http.WriteErrorAsync(
                StatusCodes.Status503ServiceUnavailable,
                outage.Code,
                $"{outage.Message} Nothing was stored.",
                outage.RetryAfter
            );
            return;
        }

        await handler(http, options);
    }
}
