using IndustryData.Application.Common;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace IndustryData.WebApi.FunctionalTests.Http;

public sealed class SecurityHeaderTests(TestDatabase database) : FunctionalTest(database)
{
    [Theory]
    [InlineData("process/runs")]
    [InlineData("process/runs?$bogus=1")]
    [InlineData("process/runs/x")]
    [InlineData("nothing")]
    public async Task Answer_is_not_cached_and_runs_nothing_in_a_browser(string path)
    {
        foreach (var client in (HttpClient[])[Client, Service.Authorized(null)])
        {
            using var response = await client.GetAsync(path, Cancellation);

            response.Headers.CacheControl!.NoStore.ShouldBeTrue();
            response
                .Headers.GetValues("Content-Security-Policy")
                .ShouldBe(["default-src 'none'; frame-ancestors 'none'"]);
            response.Headers.Contains("Strict-Transport-Security").ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Parts_of_the_page_for_people_may_be_cached_and_the_page_has_its_own_policy()
    {
        using var page = await Client.GetAsync("docs", Cancellation);
        using var script = await Client.GetAsync("docs/scalar.js", Cancellation);

        page.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("script-src 'nonce-");
        (script.Headers.CacheControl?.NoStore ?? false).ShouldBeFalse();
    }

    [Fact]
    public async Task Strict_transport_security_is_sent_over_https_if_it_is_set()
    {
        await using var service = await RunningService.StartAsync(
            Database.ConnectionString,
            ("Hsts:MaxAge", "365.00:00:00"),
            ("ForwardedHeaders:KnownProxies:0", "127.0.0.1")
        );
        using var request = new HttpRequestMessage(HttpMethod.Get, "process")
        {
            Headers =
            {
                { "X-Forwarded-Proto", "https" },
                { "X-Forwarded-Host", "ledger.example" },
                { "X-Forwarded-For", "192.0.2.1" },
            },
        };
        using var secure = await service.Client.SendAsync(request, Cancellation);
        using var plain = await service.Client.GetAsync("process", Cancellation);

        secure.Headers.GetValues("Strict-Transport-Security").ShouldBe(["max-age=31536000"]);
        plain.Headers.Contains("Strict-Transport-Security").ShouldBeFalse();
    }

    [Fact]
    public async Task Strict_transport_security_is_kept_when_the_answer_is_replaced_by_an_error()
    {
        var (services, database) = (
            new ServiceCollection().AddSingleton(TimeProvider.System).BuildServiceProvider(),
            new NoOutage()
        );
        var http = new DefaultHttpContext
        {
            RequestServices = services,
            Request = { Scheme = "http", Host = new HostString("ledger.example") },
        };
        http.Response.Headers.StrictTransportSecurity = "max-age=1";
        var log = new RefusalLog(TimeProvider.System, NullLogger<RefusalLog>.Instance);
        RequestDelegate failing = _ => throw new LimitExceededException("x", "x", TimeSpan.FromSeconds(1));

        await new GraphErrorMiddleware(failing, database, log, NullLogger<GraphErrorMiddleware>.Instance).InvokeAsync(
            http
        );

        http.Response.StatusCode.ShouldBe(429);
        http.Response.Headers.StrictTransportSecurity.ShouldBe(["max-age=1"]);
    }

    private sealed class NoOutage : IDatabaseHealth
    {
        public DatabaseOutage? Outage => null;

        public DatabaseOutage? WriteOutage => null;

        public string? ServerVersion => null;

        public DatabaseOutage? Classify(Exception exception) => null;
    }
}
