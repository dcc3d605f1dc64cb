using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Security;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>Sends requests as a browser does, with one cookie, and follows no redirects.</summary>
internal sealed class Browser(Uri service) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
    {
        BaseAddress = service,
    };

    public static readonly (string, string)[] SameOrigin = [("Sec-Fetch-Site", "same-origin")];

    /// <summary>The last cookie of the session, as <c>name=value</c>; null if there is none.</summary>
    public string? Cookie { get; set; }

    /// <summary>The last header <c>Set-Cookie</c>; null if there was none.</summary>
    public string? SetCookie { get; private set; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Creates the code of a sign-in link of the tests' key.</summary>
    public static string Code(Guid? tenant = null, string key = Tokens.Key) =>
        new SignInLinks([new SymmetricSecurityKey(Convert.FromBase64String(key))])
            .Create(new Uri("http://service"), tenant ?? Tokens.Tenant, TimeProvider.System)
            .Split("#c=")[1];

    /// <summary>Opens a service, and signs in with a new code.</summary>
    public static async Task<Browser> SignedInAsync(RunningService service, Guid? tenant = null)
    {
        var browser = new Browser(service.Root);
        using var response = await browser.SignInAsync(Code(tenant));
        response.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        return browser;
    }

    /// <summary>Creates a request with these headers.</summary>
    public static HttpRequestMessage Request(
        HttpMethod method,
        string path,
        IEnumerable<(string Name, string Value)> headers,
        HttpContent? content = null
    )
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        return request;
    }

    public Task<HttpResponseMessage> SignInAsync(string code, string returnPath = "", string path = "ui/sign-in") =>
        PostAsync(path, SameOrigin, ("code", code), ("return", returnPath));

    public Task<HttpResponseMessage> PostAsync(
        string path,
        IEnumerable<(string Name, string Value)> headers,
        params (string Name, string Value)[] form
    ) =>
        SendAsync(
            HttpMethod.Post,
            path,
            headers,
            new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value)))
        );

    public Task<HttpResponseMessage> GetAsync(string path) => SendAsync(HttpMethod.Get, path, SameOrigin);

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        IEnumerable<(string Name, string Value)> headers,
        HttpContent? content = null
    )
    {
        using var request = Request(method, path, headers, content);
        if (Cookie is not null)
        {
            request.Headers.Add("Cookie", Cookie);
        }

        var response = await _client.SendAsync(request, Cancellation);
        if (response.Headers.TryGetValues("Set-Cookie", out var set))
        {
            SetCookie = set.ShouldHaveSingleItem();
            Cookie = SetCookie.Split(';')[0];
        }

        return response;
    }

    public void Dispose() => _client.Dispose();
}
