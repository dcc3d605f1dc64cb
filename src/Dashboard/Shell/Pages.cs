using IndustryData.Domain;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IndustryData.Dashboard.Shell;

/// <summary>Renders pages and sets the headers that every page has.</summary>
internal static class Pages
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types ui";

    /// <summary>Renders a page.</summary>
    /// <typeparam name="TPage">The component, with the parameters <c>Context</c> and <c>Model</c>.</typeparam>
    /// <param name="http">The request.</param>
    /// <param name="context">The values that every page needs.</param>
    /// <param name="model">The model of the page.</param>
    /// <param name="status">The status code.</param>
    public static async Task RenderAsync<TPage>(
        this HttpContext http,
        PageContext context,
        object model,
        int status = StatusCodes.Status200OK
    )
        where TPage : IComponent
    {
        // The page of an error does not ask the database, which may be the cause.
        var shown =
            status < StatusCodes.Status400BadRequest
                ? context with
                {
                    RecentFailures = await RecentFailures.CountAsync(http, context),
                }
                : context;
        SetHeaders(http);
        await new RazorComponentResult<TPage>(
            new Dictionary<string, object?> { ["Context"] = shown, ["Model"] = model }
        )
        {
            StatusCode = status,
            PreventStreamingRendering = true,
        }.ExecuteAsync(http);
    }

    /// <summary>Renders the page of an error, with the code and the message of the public interface.</summary>
    public static Task RenderErrorAsync(HttpContext http, int status, Error error)
    {
        var isSignedIn = http.User.Identity?.IsAuthenticated == true && status != StatusCodes.Status401Unauthorized;
        return http.RenderAsync<ErrorPage>(PageContext.Of(http, isSignedIn), new ErrorModel(status, error), status);
    }

    private static void SetHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.Remove("OData-Version");
    }
}

/// <summary>The model of the page of an error.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Error">The error.</param>
public sealed record ErrorModel(int Status, Error Error);
