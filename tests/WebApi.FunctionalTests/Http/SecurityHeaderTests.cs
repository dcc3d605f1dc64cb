using IndustryData.WebApi.FunctionalTests.Hosting;

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
            response.Headers.GetValues("Content-Security-Policy").ShouldBe(["default-src 'none'; frame-ancestors 'none'"]);
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
        await using var service = await RunningService.StartAsync(Database.ConnectionString, ("Hsts:MaxAge", "365.00:00:00"), ("ForwardedHeaders:KnownProxies:0", "127.0.0.1"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "process") { Headers = { { "X-Forwarded-Proto", "https" }, { "X-Forwarded-Host", "ledger.example" }, { "X-Forwarded-For", "192.0.2.1" } } };
        using var secure = await service.Client.SendAsync(request, Cancellation);
        using var plain = await service.Client.GetAsync("process", Cancellation);

        secure.Headers.GetValues("Strict-Transport-Security").ShouldBe(["max-age=31536000"]);
        plain.Headers.Contains("Strict-Transport-Security").ShouldBeFalse();
    }
}
