using System.Globalization;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace IndustryData.WebApi.Security;

/// <summary>
/// The cookie of a session. With TLS, its prefix makes browsers refuse it from another host or without TLS. Without
/// TLS, its name contains the port, because browsers send the cookies of a host to all of its ports.
/// </summary>
internal sealed class SessionCookie : ICookieManager
{
    private const string SecureName = "__Host-industrydata";
    private const int DefaultPort = 80;

    // An incomplete cookie is no cookie. By default, it is an exception.
    private readonly ChunkingCookieManager _cookies = new() { ThrowForPartialCookies = false };

    /// <summary>Returns the name of the cookie for the origin of a request.</summary>
    public static string NameFor(HttpRequest request) =>
        request.IsHttps
            ? SecureName
            : string.Create(CultureInfo.InvariantCulture, $"industrydata-{request.Host.Port ?? DefaultPort}");

    public string? GetRequestCookie(HttpContext context, string key) =>
        _cookies.GetRequestCookie(context, NameFor(context.Request));

    public void AppendResponseCookie(HttpContext context, string key, string? value, CookieOptions options) =>
        _cookies.AppendResponseCookie(context, NameFor(context.Request), value, options);

    public void DeleteCookie(HttpContext context, string key, CookieOptions options) =>
        _cookies.DeleteCookie(context, NameFor(context.Request), options);
}
