using IndustryData.Application.Common;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Maps a route together with what every route must have: a permission, documented statuses, the query options that it
/// takes.
/// </summary>
internal static class Routes
{
    /// <summary>The media type of payloads.</summary>
    public const string Json = "application/json";

    private const string Text = "text/plain";

    private static readonly int[] _always = [401, 403, 429, 503];

    /// <summary>
    /// Offers a path that takes no query options. What it does is then said by
    /// <see cref="OpenApiEndpoints.WithOperation"/>.
    /// </summary>
    public static IEndpointConventionBuilder MapODataEndpoint(
        this IEndpointRouteBuilder routes,
        string method,
        string path,
        Permission permission,
        RequestDelegate handler,
        int[] statuses
    ) => routes.MapODataEndpoint(method, path, permission, (http, _) => handler(http), statuses, []);

    /// <summary>Offers a path. What it does is then said by <see cref="OpenApiEndpoints.WithOperation"/>.</summary>
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
        // A reference is answered with nothing, unless somebody asks for the run.
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

    /// <summary>Names a path of OData or Graph that this service knows but does not offer.</summary>
    public static void MapNotImplemented(
        this IEndpointRouteBuilder routes,
        string method,
        string path,
        Permission permission
    ) => routes.MapMethods(path, [method], RefuseNotOfferedAsync).WithStatuses(permission, [501, .. _always]);

    /// <summary>Keeps a path's last segment from being taken for an id with any other method.</summary>
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

    // What can be read can be asked for without its body (RFC 9110 §9.3.2); the server leaves the body out.
    private static string[] WithHead(string method) => method == "GET" ? ["GET", "HEAD"] : [method];

    private static Task RefuseNotOfferedAsync(HttpContext http) =>
        http.WriteErrorAsync(
            StatusCodes.Status501NotImplemented,
            "notOffered",
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
    /// Reads what is said about the answer in general: OData's version, the query options and the format.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="offered">The query options that the path takes.</param>
    /// <param name="media">What the answer is; null when there will be none.</param>
    /// <returns>Null when the request has been answered with a refusal.</returns>
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

        // Where the answer is a text, JSON is taken for it too: it is a number, which is both.
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
                ? $"The answer is {Text}; send 'Accept: {Text}', or no Accept at all."
                : ODataFormat.NotAcceptableMessage
        );
        return null;
    }

    // What a write is answered with is the caller's to say.
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
