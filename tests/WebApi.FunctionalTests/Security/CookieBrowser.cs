using System.Globalization;
using System.Net;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>Sends requests as a browser does, with the cookies of their paths, and follows no redirects.</summary>
internal sealed class CookieBrowser : IDisposable
{
    /// <summary>The headers of a navigation that another site causes.</summary>
    public static readonly (string, string)[] FromOtherSite =
    [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "document"),
    ];

    private readonly CookieContainer _cookies = new();
    private readonly HttpClient _client;

    public CookieBrowser(Uri service) =>
        _client = new HttpClient(new SocketsHttpHandler { CookieContainer = _cookies, AllowAutoRedirect = false })
        {
            BaseAddress = service,
        };

    /// <summary>All cookies, whatever their paths are.</summary>
    public IReadOnlyList<Cookie> Cookies => [.. _cookies.GetAllCookies().Where(c => !c.Expired)];

    /// <summary>True if the browser has the cookie of a session.</summary>
    public bool HasSession => Cookies.Any(c => c.Name.StartsWith("industrydata-", StringComparison.Ordinal));

    /// <summary>Returns a browser with the same cookies.</summary>
    public CookieBrowser Copy()
    {
        var copy = new CookieBrowser(_client.BaseAddress!);
        foreach (var cookie in Cookies)
        {
            copy._cookies.Add(new Cookie(cookie.Name, cookie.Value, cookie.Path, cookie.Domain));
        }

        return copy;
    }

    /// <summary>Signs in at an identity provider.</summary>
    /// <returns>The response to the callback.</returns>
    public async Task<HttpResponseMessage> SignInAsync(string returnPath = "") =>
        await GetAsync(await GoToProviderAsync(returnPath), FromOtherSite);

    /// <summary>Goes to an identity provider and returns the URL to which it sends the browser back.</summary>
    public async Task<string> GoToProviderAsync(string returnPath = "", int provider = 0)
    {
        using var start = await GetAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"ui/sign-in/start/{provider}?return={Uri.EscapeDataString(returnPath)}"
            ),
            Browser.SameOrigin
        );
        start.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        using var stranger = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
        using var authorized = await stranger.GetAsync(start.Headers.Location, TestContext.Current.CancellationToken);
        authorized.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        return authorized.Headers.Location!.AbsoluteUri;
    }

    public Task<HttpResponseMessage> GetAsync(string path, IEnumerable<(string Name, string Value)> headers) =>
        SendAsync(HttpMethod.Get, path, headers);

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        IEnumerable<(string Name, string Value)> headers,
        HttpContent? content = null
    )
    {
        using var request = Browser.Request(method, path, headers, content);
        return await _client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public void Dispose() => _client.Dispose();
}
