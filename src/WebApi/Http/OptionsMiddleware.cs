using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Answers <c>OPTIONS</c> with the methods of a path (RFC 9110 §9.3.7). The answer needs no token, because it depends
/// on the path alone and is the same for every tenant.
/// </summary>
internal static class OptionsMiddleware
{
    private const string Everything = "GET, HEAD, POST, PATCH, DELETE, OPTIONS";

    /// <summary>As middleware, which stands after routing.</summary>
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

        // No route takes OPTIONS: routing has an endpoint that names the methods which there are routes for. Any other
        // endpoint is run behind authorization.
        return http.GetEndpoint() is { RequestDelegate: { } refuse } endpoint && RefusesMethods(endpoint)
            ? InvokeAsync(http, refuse(http))
            : next(http);
    }

    /// <summary>
    /// Whether an endpoint does nothing but name the methods of its path: routing's own, which is no route, and those
    /// with <see cref="OnlyRefuses"/>.
    /// </summary>
    private static bool RefusesMethods(Endpoint endpoint) =>
        endpoint is not RouteEndpoint || endpoint.Metadata.GetMetadata<OnlyRefuses>() is not null;

    /// <summary>The methods that the path takes, as the header says that has been written for them.</summary>
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
/// Marks a route that answers every request with 405, so that it may take any method and be run without a token.
/// </summary>
internal sealed class OnlyRefuses
{
    public static readonly OnlyRefuses Instance = new();

    private OnlyRefuses() { }
}
