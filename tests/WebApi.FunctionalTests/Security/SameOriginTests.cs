using System.Net;
using System.Net.Http.Headers;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>Tests which requests the session of a browser decides about (CSRF). "-" is an absent header.</summary>
public sealed class SameOriginTests(TestDatabase database, SameOriginTests.SignedIn fixture)
    : IClassFixture<TestDatabase>,
        IClassFixture<SameOriginTests.SignedIn>
{
    private const string Own = "own";
    private const string Unknown = "process/runs/019f0000-0000-7000-8000-000000000001";

    [Theory]
    // Reads with the cookie: pages of this origin, the person, and top-level navigations.
    [InlineData("GET", "same-origin", "cors", "-", "cookie", true)]
    [InlineData("GET", "same-origin", "navigate", "-", "cookie", true)]
    [InlineData("GET", "same-origin", "-", "-", "cookie", true)]
    [InlineData("GET", "none", "navigate", "-", "cookie", true)]
    [InlineData("GET", "none", "-", "-", "cookie", true)]
    [InlineData("GET", "cross-site", "navigate", "-", "cookie", true)]
    [InlineData("GET", "same-site", "navigate", "-", "cookie", true)]
    [InlineData("GET", "cross-site", "cors", "-", "cookie", false)]
    [InlineData("GET", "cross-site", "no-cors", "-", "cookie", false)]
    [InlineData("GET", "same-site", "cors", "-", "cookie", false)]
    [InlineData("GET", "same-site", "no-cors", "-", "cookie", false)]
    [InlineData("GET", "cross-site", "-", "-", "cookie", false)]
    [InlineData("GET", "-", "-", "-", "cookie", false)]
    [InlineData("GET", "-", "cors", "-", "cookie", false)]
    [InlineData("GET", "-", "-", Own, "cookie", false)]
    [InlineData("GET", "Same-Origin", "cors", "-", "cookie", false)]
    [InlineData("GET", "cross-site, same-origin", "cors", "-", "cookie", false)]
    [InlineData("GET", "cross-site", "nested-navigate", "-", "cookie", false)]
    [InlineData("HEAD", "same-origin", "cors", "-", "cookie", true)]
    [InlineData("HEAD", "none", "-", "-", "cookie", true)]
    [InlineData("HEAD", "cross-site", "cors", "-", "cookie", false)]
    [InlineData("HEAD", "-", "-", "-", "cookie", false)]
    // Other methods with the cookie: pages of this origin only.
    [InlineData("POST", "same-origin", "cors", "-", "cookie", true)]
    [InlineData("POST", "same-origin", "navigate", Own, "cookie", true)]
    [InlineData("POST", "same-origin", "navigate", "null", "cookie", true)]
    [InlineData("POST", "-", "-", Own, "cookie", true)]
    [InlineData("POST", "none", "navigate", "-", "cookie", false)]
    [InlineData("POST", "cross-site", "navigate", "-", "cookie", false)]
    [InlineData("POST", "cross-site", "navigate", Own, "cookie", false)]
    [InlineData("POST", "same-site", "cors", Own, "cookie", false)]
    [InlineData("POST", "cross-site", "cors", "https://evil.example", "cookie", false)]
    [InlineData("POST", "-", "-", "https://evil.example", "cookie", false)]
    [InlineData("POST", "-", "-", "http://localhost:1", "cookie", false)]
    [InlineData("POST", "-", "-", "http://127.0.0.1", "cookie", false)]
    [InlineData("POST", "-", "-", "null", "cookie", false)]
    [InlineData("POST", "-", "-", "-", "cookie", false)]
    [InlineData("PATCH", "same-origin", "cors", Own, "cookie", true)]
    [InlineData("PATCH", "cross-site", "cors", "https://evil.example", "cookie", false)]
    [InlineData("PATCH", "-", "-", "-", "cookie", false)]
    [InlineData("DELETE", "same-origin", "cors", Own, "cookie", true)]
    [InlineData("DELETE", "same-site", "cors", "https://evil.example", "cookie", false)]
    [InlineData("DELETE", "-", "-", "-", "cookie", false)]
    // A token is not added by browsers. It decides also if there is a cookie.
    [InlineData("GET", "cross-site", "cors", "https://evil.example", "bearer", true)]
    [InlineData("GET", "-", "-", "-", "bearer", true)]
    [InlineData("POST", "cross-site", "cors", "https://evil.example", "bearer", true)]
    [InlineData("POST", "-", "-", "-", "bearer", true)]
    [InlineData("DELETE", "cross-site", "cors", "https://evil.example", "bearer", true)]
    [InlineData("GET", "cross-site", "cors", "https://evil.example", "both", true)]
    [InlineData("POST", "cross-site", "cors", "https://evil.example", "both", true)]
    [InlineData("PATCH", "-", "-", "-", "both", true)]
    public async Task Session_is_for_requests_of_the_own_pages_and_a_token_for_all(
        string method,
        string site,
        string mode,
        string origin,
        string credential,
        bool isAllowed
    )
    {
        var service = await fixture.StartAsync(database.ConnectionString);
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = service.Root };
        using var request = new HttpRequestMessage(
            new HttpMethod(method),
            method is "PATCH" or "DELETE" ? Unknown : "process/runs"
        );
        request.Content = method is "POST" or "PATCH" ? Bodies.Json("{}") : null;
        Add("Sec-Fetch-Site", site);
        Add("Sec-Fetch-Mode", mode);
        Add("Origin", origin == Own ? service.Root.GetLeftPart(UriPartial.Authority) : origin);
        Add("Cookie", credential == "bearer" ? "-" : fixture.Cookie);
        request.Headers.Authorization =
            credential == "cookie" ? null : new AuthenticationHeaderValue("Bearer", Tokens.Make());

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        if (isAllowed)
        {
            response.StatusCode.ShouldBe(
                method switch
                {
                    "POST" => HttpStatusCode.BadRequest,
                    "GET" or "HEAD" => HttpStatusCode.OK,
                    _ => HttpStatusCode.NotFound,
                }
            );
        }
        else
        {
            response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            if (method != "HEAD")
            {
                (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain(
                    "otherOrigin"
                );
            }
        }

        void Add(string name, string value)
        {
            if (value != "-")
            {
                request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
            }
        }
    }

    [Fact]
    public async Task Frame_of_another_site_is_not_a_top_level_navigation()
    {
        var service = await fixture.StartAsync(database.ConnectionString);
        using var browser = new Browser(service.Root) { Cookie = fixture.Cookie };
        (string, string)[] frame =
        [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "iframe"),
        ];

        using var response = await browser.SendAsync(HttpMethod.Get, "ui", frame);

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
    }

    /// <summary>One service with one session for all rows.</summary>
    public sealed class SignedIn : IAsyncDisposable
    {
        private RunningService? _service;

        public string Cookie { get; private set; } = "";

        public async Task<RunningService> StartAsync(string connectionString)
        {
            if (_service is null)
            {
                _service = await RunningService.StartAsync(connectionString);
                using var browser = await Browser.SignedInAsync(_service);
                Cookie = browser.Cookie!;
            }

            return _service;
        }

        public ValueTask DisposeAsync() => _service?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
