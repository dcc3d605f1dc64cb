using IndustryData.Dashboard.Shell;
using IndustryData.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.SignIn;

/// <summary>
/// The page <c>/ui/sign-in</c>: a link for each identity provider, and a form for the code of a sign-in link or for an
/// access token. The process handles these itself.
/// </summary>
internal static class SignInEndpoint
{
    public static Task HandleAsync(HttpContext http) => RenderAsync(http, StatusCodes.Status200OK, error: null);

    /// <summary>Shows the page again with an error.</summary>
    public static Task WriteErrorAsync(HttpContext http, int status, Error error) => RenderAsync(http, status, error);

    private static Task RenderAsync(HttpContext http, int status, Error? error)
    {
        var host = http.RequestServices.GetRequiredService<IDashboardHost>();
        return http.RenderAsync<SignInPage>(
            PageContext.Of(http, isSignedIn: false),
            new SignInModel(host.ReturnPathOf(http), host.SignInWays, error),
            status
        );
    }
}

/// <summary>The model of the page.</summary>
/// <param name="Return">The path of the page to see after the sign-in; empty for Overview.</param>
/// <param name="Ways">The ways to sign in.</param>
/// <param name="Error">The error of the last attempt; null if there is none.</param>
public sealed record SignInModel(string Return, SignInWays Ways, Error? Error);
