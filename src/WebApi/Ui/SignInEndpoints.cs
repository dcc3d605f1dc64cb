using System.Globalization;
using IndustryData.Application.Common;
using IndustryData.Dashboard;
using IndustryData.Domain;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Ui;

/// <summary>Maps the forms that start and end the session of a browser.</summary>
internal static class SignInEndpoints
{
    private const string Form = "application/x-www-form-urlencoded";
    private const string Home = "/ui";
    private const string Alias = "/beta";
    private const int MaxFormBytes = 32 * 1024;
    private const int MaxReturnLength = 8 * 1024;

    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/ui/sign-in", SignInAsync)
            .AllowAnonymous()
            .WithMetadata(new SessionAction("signIn"), new ErrorPage(DashboardEndpoints.WriteSignInErrorAsync))
            .WithMetadata([.. Statuses(303, 400, 403, 413, 429, 503)]);
        routes
            .MapMethods("/ui/sign-in/start/{provider}", ["GET", "HEAD"], StartAsync)
            .AllowAnonymous()
            .WithMetadata(new ErrorPage(DashboardEndpoints.WriteSignInErrorAsync))
            .WithMetadata([.. Statuses(302, 403, 404, 503)]);

        // The authentication completes the sign-in. Only an unknown number leads to the handler.
        routes
            .MapMethods($"{SignInProvider.CallbackPath}/{{provider}}", ["GET", "HEAD"], WriteUnknownProviderAsync)
            .AllowAnonymous()
            .WithMetadata(new SessionAction("signIn"), new ErrorPage(DashboardEndpoints.WriteSignInErrorAsync))
            .WithMetadata([.. Statuses(302, 403, 404, 429, 503)]);
        routes
            .MapPost("/ui/sign-out", SignOutAsync)
            .RequireAuthorization(Permissions.Read.Policy)
            .WithMetadata(new SessionAction("signOut"), Permissions.Read)
            .WithMetadata(new ErrorPage(DashboardEndpoints.WriteErrorPageAsync))
            .WithMetadata([.. Statuses(303, 400, 401, 403, 413, 429, 503)]);
    }

    private static async Task SignInAsync(HttpContext http)
    {
        // Also without a session: another site must not be able to post a code of its own from its pages.
        if (!SameOrigin.Allows(http.Request))
        {
            await SameOriginMiddleware.RejectAsync(http);
            return;
        }

        var services = http.RequestServices;
        try
        {
            services.GetRequiredService<SignInLimiter>().Count(http);
        }
        catch (LimitExceededException limit)
        {
            await http.WriteErrorAsync(limit, outcome: "");
            return;
        }

        if (await ReadFormAsync(http) is not { } form)
        {
            return;
        }

        var refusal = await services
            .GetRequiredService<BrowserSignIn>()
            .TryStartAsync(http, form["code"].ToString().Trim());
        if (refusal is not null)
        {
            await http.WriteForbiddenAsync("signInRefused", refusal);
            return;
        }

        http.Response.SeePage(ReturnPath(form["return"].ToString()));
    }

    private static async Task StartAsync(HttpContext http)
    {
        // Each start adds cookies. Another site must not be able to fill the browser with them.
        if (!SameOrigin.IsOwn(http.Request))
        {
            await SameOriginMiddleware.RejectAsync(http);
            return;
        }

        var providers = http.RequestServices.GetRequiredService<SignInProviders>().All;
        if (
            !int.TryParse($"{http.Request.RouteValues["provider"]}", NumberStyles.None, null, out var number)
            || providers.FirstOrDefault(p => p.Number == number) is not { } provider
        )
        {
            await WriteUnknownProviderAsync(http);
            return;
        }

        // The provider knows one address of this service.
        if (http.Request.PathBase.Value!.EndsWith(Alias, StringComparison.Ordinal))
        {
            http.Response.Redirect(
                $"{new PathString(http.Request.PathBase.Value[..^Alias.Length]).ToUriComponent()}"
                    + $"{http.Request.Path.ToUriComponent()}{http.Request.QueryString.ToUriComponent()}"
            );
            return;
        }

        var returnPath = ReturnPath(http.Request.Query["return"].ToString());
        await provider.StartAsync(http, $"{http.Request.PathBase.ToUriComponent()}{returnPath}");
    }

    private static Task WriteUnknownProviderAsync(HttpContext http) =>
        http.WriteErrorAsync(
            new Error(
                ErrorKind.NotFound,
                "pathNotFound",
                "There is no identity provider with this number. Sign in again."
            )
        );

    private static async Task SignOutAsync(HttpContext http)
    {
        if (await ReadFormAsync(http) is not { } form)
        {
            return;
        }

        if (form["everywhere"] == "on")
        {
            if (!Permissions.Grants(http.User, Permissions.Write))
            {
                await http.WriteForbiddenAsync(
                    "insufficientPermissions",
                    $"Only a caller with {Permissions.ReadWriteAll} may end the sessions of others. Sign out here only."
                );
                return;
            }

            var services = http.RequestServices;
            await services
                .GetRequiredService<ITokenRevocations>()
                .EndSessionsAsync(
                    http.Tenant(),
                    services.GetRequiredService<TimeProvider>().GetUtcNow(),
                    http.RequestAborted
                );
        }

        await http.SignOutAsync(Sessions.Scheme);
        http.Response.SeePage("/ui/sign-in");
    }

    /// <summary>Reads a form.</summary>
    /// <returns>The form; null if the body is not a form. In this case, the error has been written.</returns>
    internal static async Task<IFormCollection?> ReadFormAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxFormBytes;
        }

        try
        {
            if (
                MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type)
                && type.MediaType.Equals(Form, StringComparison.OrdinalIgnoreCase)
            )
            {
                return await http.Request.ReadFormAsync(http.RequestAborted);
            }
        }
        catch (InvalidDataException)
        {
            // The form has too many fields, or a field is too long.
        }

        await http.WriteBadRequestAsync("malformedForm", "The form cannot be read. Send it from the page.");
        return null;
    }

    /// <summary>
    /// Returns the page to see after the sign-in: a page of this service, and Overview for every other URL.
    /// </summary>
    internal static string ReturnPath(string path) =>
        path.Length <= MaxReturnLength
        && path.StartsWith(Home, StringComparison.Ordinal)
        && (path.Length == Home.Length || path[Home.Length] is '/' or '?')
        && path.All(c => c is > ' ' and <= '~' and not '\\')
            ? path
            : Home;

    private static IEnumerable<object> Statuses(params IEnumerable<int> statuses) =>
        statuses.Select(s => new ProducesResponseTypeMetadata(s));
}
