using IndustryData.Dashboard.Live;
using IndustryData.Dashboard.Overview;
using IndustryData.Dashboard.Runs;
using IndustryData.Dashboard.Settings;
using IndustryData.Dashboard.Shell;
using IndustryData.Dashboard.SignIn;
using IndustryData.Dashboard.SingleRun;
using IndustryData.Dashboard.Timeline;
using IndustryData.Dashboard.Trends;
using IndustryData.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard;

/// <summary>Maps the pages below <c>/ui</c>.</summary>
public static class DashboardEndpoints
{
    /// <summary>Registers the services of the pages. The process adds an <see cref="IDashboardHost"/>.</summary>
    public static void AddDashboard(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddSingleton<EmbeddedAssets>();
    }

    /// <summary>
    /// Maps the pages that need a permission to read, and the page to sign in and the assets, which need none.
    /// </summary>
    /// <param name="routes">The routes of the service.</param>
    /// <param name="readPolicy">The authorization policy of the pages.</param>
    /// <param name="pageMetadata">What the process adds to each page.</param>
    public static void MapDashboard(
        this IEndpointRouteBuilder routes,
        string readPolicy,
        params IReadOnlyList<object> pageMetadata
    )
    {
        void MapPage(string path, RequestDelegate handler, params int[] errors) =>
            routes
                .MapMethods(path, ["GET", "HEAD"], handler)
                .RequireAuthorization(readPolicy)
                .WithMetadata([.. pageMetadata])
                .WithMetadata([.. Statuses([200, 401, 403, 429, 503, .. errors])]);

        MapPage("/ui", OverviewEndpoint.HandleAsync);
        MapPage("/ui/runs", RunsEndpoint.HandleAsync, 302, 400);
        MapPage("/ui/runs.csv", RunsCsvEndpoint.HandleAsync, 400);
        MapPage("/ui/runs/{id}", SingleRunEndpoint.HandleAsync, 404);
        MapPage("/ui/timeline", TimelineEndpoint.HandleAsync);
        MapPage("/ui/trends", TrendsEndpoint.HandleAsync);
        MapPage("/ui/live", LiveEndpoint.HandleAsync, 400);
        MapPage("/ui/settings", SettingsEndpoint.HandleAsync);
        MapPage("/ui/settings/token", SettingsEndpoint.RedirectAsync, 302);
        routes
            .MapPost("/ui/settings", SettingsEndpoint.SaveAsync)
            .RequireAuthorization(readPolicy)
            .WithMetadata([.. pageMetadata])
            .WithMetadata([.. Statuses([303, 400, 401, 403, 429, 503])]);
        MapPage("/ui/{**path}", NotFoundAsync, 404);
        routes
            .MapMethods("/ui/sign-in", ["GET", "HEAD"], SignInEndpoint.HandleAsync)
            .AllowAnonymous()
            .WithMetadata([.. Statuses([200])]);
        var assets = routes.ServiceProvider.GetRequiredService<EmbeddedAssets>();
        routes
            .MapMethods("/ui/a/{hash}/{name}", ["GET", "HEAD"], assets.WriteAsync)
            .AllowAnonymous()
            .WithMetadata([.. Statuses([200, 404])]);
    }

    /// <summary>Writes the page of an error.</summary>
    /// <param name="http">The request.</param>
    /// <param name="status">The status code.</param>
    /// <param name="error">The error, with the message of the public interface.</param>
    public static Task WriteErrorPageAsync(HttpContext http, int status, Error error) =>
        Pages.RenderErrorAsync(http, status, error);

    /// <summary>Writes the page to sign in, with the error of the attempt.</summary>
    /// <inheritdoc cref="WriteErrorPageAsync" path="/param" />
    public static Task WriteSignInErrorAsync(HttpContext http, int status, Error error) =>
        SignInEndpoint.WriteErrorAsync(http, status, error);

    /// <summary>Writes the page of settings with a token that has just been created.</summary>
    /// <param name="http">The request.</param>
    /// <param name="token">The token.</param>
    public static Task WriteTokenPageAsync(HttpContext http, CreatedToken token) =>
        SettingsEndpoint.WriteTokenAsync(http, token);

    private static Task NotFoundAsync(HttpContext http) =>
        Pages.RenderErrorAsync(
            http,
            StatusCodes.Status404NotFound,
            new Error(
                ErrorKind.NotFound,
                "pathNotFound",
                "There is no page at this address. The navigation has all pages."
            )
        );

    private static IEnumerable<object> Statuses(IEnumerable<int> statuses) =>
        statuses.Select(s => new ProducesResponseTypeMetadata(s));
}
