using IndustryData.Application.Common;
using IndustryData.Dashboard.Runs;
using IndustryData.Dashboard.Shell;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.Settings;

/// <summary>
/// The page <c>/ui/settings</c>: how the pages look, who is signed in, and how to connect programs. The choices are
/// cookies, so that the first byte of a page already follows them.
/// </summary>
internal static class SettingsEndpoint
{
    private static readonly TimeSpan _lifetime = TimeSpan.FromDays(365);

    public static Task HandleAsync(HttpContext http) => RenderAsync(http, created: null);

    /// <summary>Shows the page with a token that has just been created.</summary>
    public static Task WriteTokenAsync(HttpContext http, CreatedToken token) => RenderAsync(http, token);

    /// <summary>Leads from the address of the form for tokens to the page.</summary>
    public static Task RedirectAsync(HttpContext http)
    {
        http.Response.Redirect(PageContext.Of(http, isSignedIn: true).Url("/settings"));
        return Task.CompletedTask;
    }

    /// <summary>Stores the choices of the form and shows the page again.</summary>
    public static async Task SaveAsync(HttpContext http)
    {
        if (await Forms.ReadAsync(http) is not { } form)
        {
            return;
        }

        var zone = form["zone"].ToString().Trim();
        Keep(
            http,
            PageContext.ThemeCookie,
            form["theme"] == "light" || form["theme"] == "dark" ? form["theme"]! : "auto"
        );
        Keep(http, PageContext.MotionCookie, form["motion"] == "reduced" ? "reduced" : "auto");
        Keep(http, PageContext.ZoneCookie, TimeZones.IsKnown(zone) ? zone : PageContext.LocalZone);
        Keep(http, PageContext.KeysCookie, form["keys"] == "on" ? "on" : "off");
        var hidden = RunColumn.All.Where(c => c.CanHide && !form["columns"].Contains(c.Key)).Select(c => c.Key);
        Keep(http, PageContext.ColumnsCookie, string.Join('.', hidden));
        http.Response.SeeOther(PageContext.Of(http, isSignedIn: true).Url("/settings?saved=1"));
    }

    private static Task RenderAsync(HttpContext http, CreatedToken? created) =>
        http.RenderAsync<SettingsPage>(
            PageContext.Of(http, isSignedIn: true),
            new SettingsModel(
                http.Request.Query.ContainsKey("saved"),
                TimeZones.Suggested,
                http.RequestServices.GetRequiredService<IDashboardHost>().TokensFor(http),
                created,
                http.RequestServices.GetRequiredService<IDatabaseHealth>().ServerVersion
            )
        );

    private static void Keep(HttpContext http, string name, string value) =>
        http.Response.Cookies.Append(
            name,
            value,
            new CookieOptions
            {
                Path = "/",
                MaxAge = _lifetime,
                SameSite = SameSiteMode.Lax,
                Secure = http.Request.IsHttps,
                IsEssential = true,
            }
        );
}

/// <summary>The model of the settings.</summary>
/// <param name="IsSaved">True if the choices have just been stored.</param>
/// <param name="Zones">The time zones to suggest.</param>
/// <param name="Tokens">Whether the caller can create tokens.</param>
/// <param name="Created">The token that has just been created; null if none.</param>
/// <param name="DatabaseVersion">The version of PostgreSQL; null if it is not known.</param>
public sealed record SettingsModel(
    bool IsSaved,
    IReadOnlyList<string> Zones,
    TokenOffer Tokens,
    CreatedToken? Created,
    string? DatabaseVersion
);
