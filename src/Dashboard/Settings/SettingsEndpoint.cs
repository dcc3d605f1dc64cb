using IndustryData.Dashboard.Runs;
using IndustryData.Dashboard.Shell;
using Microsoft.AspNetCore.Http;

namespace IndustryData.Dashboard.Settings;

/// <summary>
/// The page <c>/ui/settings</c>: how the pages look, who is signed in, and how to connect programs. The choices are
/// cookies, so that the first byte of a page already follows them.
/// </summary>
internal static class SettingsEndpoint
{
    private static readonly TimeSpan _lifetime = TimeSpan.FromDays(365);

    public static Task HandleAsync(HttpContext http)
    {
        var context = PageContext.Of(http, isSignedIn: true);
        return http.RenderAsync<SettingsPage>(
            context,
            new SettingsModel(http.Request.Query.ContainsKey("saved"), TimeZones.Suggested)
        );
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
        Keep(http, PageContext.ZoneCookie, TimeZones.IsKnown(zone) ? zone : PageContext.LocalZone);
        Keep(http, PageContext.KeysCookie, form["keys"] == "on" ? "on" : "off");
        var hidden = RunColumn.All.Where(c => c.CanHide && !form["columns"].Contains(c.Key)).Select(c => c.Key);
        Keep(http, PageContext.ColumnsCookie, string.Join('.', hidden));
        http.Response.SeeOther(PageContext.Of(http, isSignedIn: true).Url("/settings?saved=1"));
    }

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
public sealed record SettingsModel(bool IsSaved, IReadOnlyList<string> Zones);
