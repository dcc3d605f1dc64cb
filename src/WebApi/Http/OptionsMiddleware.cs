using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Answers <c>OPTIONS</c> requests with the methods of the path (RFC 9110 §9.3.7). The response needs no token, because
/// it depends only on the path and is the same for every tenant.
/// </summary>
internal static class OptionsMiddleware
{
    private const string Everything = "GET, HEAD, POST, PATCH, DELETE, OPTIONS";

    /// <summary>Processes a request. This middleware runs after routing.</summary>
    public static Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (!HttpMethods.IsOptions(http.Request.Method))
        {
            return next(http);
        }

        if (http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget == "*")
        {
            http.Response.Headers.Allow = Everything;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        // No route handles OPTIONS. Routing then selects an endpoint of its own, which rejects the request with the
        // methods of the routes. Any other endpoint runs after authorization.
        return http.GetEndpoint() is { RequestDelegate: { } refuse } endpoint && RefusesMethods(endpoint)
            ? InvokeAsync(http, refuse(http))
            : next(http);
    }

    /// <summary>
    /// Checks the kind of an endpoint. Two kinds only reject requests with the methods of the path: the endpoint of
    /// routing itself, which is not a route, and the endpoints with <see cref="OnlyRefuses"/>.
    /// </summary>
    /// <returns>Returns true if the endpoint only rejects requests.</returns>
    private static bool RefusesMethods(Endpoint endpoint) =>
        endpoint is not RouteEndpoint || endpoint.Metadata.GetMetadata<OnlyRefuses>() is not null;

    /// <summary>Adds <c>OPTIONS</c> to the methods in the header <c>Allow</c> of the response.</summary>
    public static void AddOptions(HttpResponse response) =>
        response.Headers.Allow = $"{response.Headers.Allow}, OPTIONS";

    private static async Task InvokeAsync(HttpContext http, Task refusing)
    {
        await refusing;
        AddOptions(http.Response);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}

/// <summary>
/// Marks a route that answers every request with 405. It can therefore handle any method, and it can run without a
/// token.
/// </summary>
internal sealed class OnlyRefuses
{
    public static readonly OnlyRefuses Instance = new();

    private OnlyRefuses() { }
}
