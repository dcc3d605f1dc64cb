using System.Reflection;
using IndustryData.Application.Common;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.Shell;

/// <summary>The values that every page needs of its request.</summary>
/// <param name="Caller">The caller; null if the request has no valid token and no session.</param>
/// <param name="PathBase">The path of the service: empty, or for example <c>/beta</c>.</param>
/// <param name="ServiceRoot">The URL of the service with a trailing slash.</param>
/// <param name="Path">The path and query of the page, without the path base.</param>
/// <param name="Theme"><c>light</c>, <c>dark</c> or <c>auto</c>.</param>
/// <param name="Motion"><c>reduced</c>, or <c>auto</c> for that of the system.</param>
/// <param name="Zone"><c>local</c>, <c>utc</c>, or the IANA name of a time zone.</param>
/// <param name="HasKeys">True if keys of one letter are on.</param>
/// <param name="HiddenColumns">The keys of the columns that the page of runs does not show.</param>
/// <param name="AssetHash">The hash in the URLs of the assets.</param>
/// <param name="Now">The time of the request.</param>
/// <param name="RequestId">The id of the request.</param>
public sealed record PageContext(
    Caller? Caller,
    string PathBase,
    string ServiceRoot,
    string Path,
    string Theme,
    string Motion,
    string Zone,
    bool HasKeys,
    IReadOnlyList<string> HiddenColumns,
    string AssetHash,
    DateTimeOffset Now,
    string RequestId
)
{
    /// <summary>The number of failed runs that started in the last hour.</summary>
    public long RecentFailures { get; init; }

    /// <summary>
    /// The time by which the clock of the database is ahead of that of the service; null if this is unknown.
    /// </summary>
    public TimeSpan? DatabaseClockDifference { get; init; }

    /// <summary>The name of the cookie with the theme.</summary>
    public const string ThemeCookie = "ui-theme";

    /// <summary>The name of the cookie with the choice of motion.</summary>
    public const string MotionCookie = "ui-motion";

    /// <summary>The name of the cookie with the time zone.</summary>
    public const string ZoneCookie = "ui-zone";

    /// <summary>The name of the cookie that turns keys of one letter off.</summary>
    public const string KeysCookie = "ui-keys";

    /// <summary>The name of the cookie with the hidden columns, separated by dots.</summary>
    public const string ColumnsCookie = "ui-hidden";

    /// <summary>The time zone of the browser.</summary>
    public const string LocalZone = "local";

    /// <summary>Coordinated Universal Time.</summary>
    public const string Utc = "utc";

    private const int MaxZoneLength = 64;

    /// <summary>The version of the service.</summary>
    public static string Version { get; } =
        typeof(PageContext).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            is { } version
            ? version.Split('+')[0]
            : "";

    /// <summary>The zone in which the server shows times, in words.</summary>
    public string ZoneText =>
        Zone switch
        {
            LocalZone => "UTC, because the service does not know your zone; choose one in Settings",
            Utc => "UTC",
            _ => Zone,
        };

    /// <summary>Returns the URL of a page.</summary>
    /// <param name="page">The path below <c>/ui</c> with its query, such as <c>/runs</c>; empty for Overview.</param>
    public string Url(string page) => $"{PathBase}/ui{page}";

    /// <summary>Returns the URL of an asset.</summary>
    public string Asset(string name) => $"{PathBase}/ui/a/{AssetHash}/{name}";

    internal static PageContext Of(HttpContext http, bool isSignedIn)
    {
        var services = http.RequestServices;
        var host = services.GetRequiredService<IDashboardHost>();
        var request = http.Request;
        return new PageContext(
            isSignedIn ? host.CallerOf(http) : null,
            request.PathBase.ToUriComponent(),
            host.ServiceRootOf(http),
            request.Path.ToUriComponent() + request.QueryString.ToUriComponent(),
            request.Cookies[ThemeCookie] is "light" or "dark" ? request.Cookies[ThemeCookie]! : "auto",
            request.Cookies[MotionCookie] == "reduced" ? "reduced" : "auto",
            ZoneOf(request),
            request.Cookies[KeysCookie] != "off",
            request.Cookies[ColumnsCookie]?.Split('.') ?? [],
            services.GetRequiredService<EmbeddedAssets>().Hash,
            services.GetRequiredService<TimeProvider>().GetUtcNow(),
            http.TraceIdentifier
        )
        {
            DatabaseClockDifference = services.GetRequiredService<IDatabaseHealth>().ClockDifference,
        };
    }

    private static string ZoneOf(HttpRequest request) =>
        request.Cookies[ZoneCookie] is { Length: <= MaxZoneLength } zone && TimeZones.IsKnown(zone) ? zone : LocalZone;
}
