using IndustryData.Dashboard.Shell;
using IndustryData.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.SignIn;

/// <summary>
/// The page <c>/ui/sign-in</c>: a link for each identity provider, and a form for the code of a sign-in link or for an
/// access token. The process handles these itself.
/// </summary>
internal static class SignInEndpoint
{
    public static Task HandleAsync(HttpContext http) =>
        RenderAsync(http, StatusCodes.Status200OK, http.Request.Query["return"].ToString(), error: null);

    /// <summary>Shows the page again with an error.</summary>
    public static Task WriteErrorAsync(HttpContext http, int status, Error error)
    {
        // Null if there is no form, or if it has not been read.
        var form = http.Features.Get<IFormFeature>()?.Form;
        return RenderAsync(http, status, (form?["return"] ?? http.Request.Query["return"]).ToString(), error);
    }

    private static Task RenderAsync(HttpContext http, int status, string returnPath, Error? error) =>
        http.RenderAsync<SignInPage>(
            PageContext.Of(http, isSignedIn: false),
            new SignInModel(returnPath, http.RequestServices.GetRequiredService<IDashboardHost>().SignInWays, error),
            status
        );
}

/// <summary>The model of the page.</summary>
/// <param name="Return">The path of the page to see after the sign-in; empty for Overview.</param>
/// <param name="Ways">The ways to sign in.</param>
/// <param name="Error">The error of the last attempt; null if there is none.</param>
public sealed record SignInModel(string Return, SignInWays Ways, Error? Error);
