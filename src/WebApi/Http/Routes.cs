using IndustryData.Application.Common;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Http;

/// <summary>Maps a route together with what every route must have: a permission, documented statuses, the query options that it takes.</summary>
internal static class Routes
{
    private static readonly int[] _always = [401, 403, 503];

    /// <summary>Offers a path that takes no query options. What it does is then said by <see cref="DescriptionEndpoints.Describes"/>.</summary>
    public static IEndpointConventionBuilder Offer(this IEndpointRouteBuilder routes, string method, string path, Permission permission, RequestDelegate handler, int[] statuses) =>
        routes.Offer(method, path, permission, (http, _) => handler(http), statuses, []);

    /// <summary>Offers a path. What it does is then said by <see cref="DescriptionEndpoints.Describes"/>.</summary>
    public static IEndpointConventionBuilder Offer(
        this IEndpointRouteBuilder routes,
        string method,
        string path,
        Permission permission,
        Func<HttpContext, QueryOptions, Task> handler,
        int[] statuses,
        string[] options,
        bool isText = false) =>
        routes.MapMethods(path, WithHead(method), http => HandleAsync(http, handler, options, isText))
            .Documents(permission, [.. statuses, .. _always])
            .WithMetadata(new TakenOptions(options));

    /// <summary>Names a path of OData or Graph that this service knows but does not offer.</summary>
    public static void NotOffered(this IEndpointRouteBuilder routes, string method, string path, Permission permission) =>
        routes.MapMethods(path, [method], RefuseNotOfferedAsync).Documents(permission, [501, .. _always]);

    /// <summary>Keeps a path's last segment from being taken for an id with any other method.</summary>
    public static void Only(this IEndpointRouteBuilder routes, string method, string path, Permission permission) =>
        routes.Map(path, http => RefuseMethod(http, method)).Documents(permission, [405, .. _always]);

    // What can be read can be asked for without its body (RFC 9110 §9.3.2); the server leaves the body out.
    private static string[] WithHead(string method) => method == "GET" ? ["GET", "HEAD"] : [method];

    private static Task RefuseNotOfferedAsync(HttpContext http) =>
        http.RefuseAsync(StatusCodes.Status501NotImplemented, "notOffered", $"{http.Request.Path} is part of the protocol, but not offered by this version of the service.");

    private static Task RefuseMethod(HttpContext http, string allow)
    {
        http.Response.Headers.Allow = allow;
        http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        return Task.CompletedTask;
    }

    private static IEndpointConventionBuilder Documents(this IEndpointConventionBuilder endpoint, Permission permission, int[] statuses)
    {
        endpoint.RequireAuthorization(permission.Policy);
        endpoint.WithMetadata(permission);
        foreach (var status in statuses)
        {
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status));
        }

        return endpoint;
    }

    private static async Task HandleAsync(HttpContext http, Func<HttpContext, QueryOptions, Task> handler, string[] offered, bool isText)
    {
        if (await QueryOptions.ReadAsync(http, offered) is not { } options)
        {
            return;
        }

        if ((HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))
            && !ODataJson.IsAcceptable(http.Request)
            && !(isText && ODataJson.IsAcceptable(http.Request, "text", "plain")))
        {
            var media = isText ? "text/plain" : "application/json";
            await http.RefuseAsync(StatusCodes.Status406NotAcceptable, "notAcceptable", $"The answer is {media}; send 'Accept: {media}', or no Accept at all.");
            return;
        }

        if (http.RequestServices.GetRequiredService<IDatabaseStatus>().Outage is { } outage)
        {
            await http.RefuseAsync(StatusCodes.Status503ServiceUnavailable, outage.Code, $"{outage.Message} Nothing was stored.", outage.RetryAfter);
            return;
        }

        await handler(http, options);
    }
}
