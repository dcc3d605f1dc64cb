using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Ui;

/// <summary>Tests the pages as HTTP responses. The browser tests use them.</summary>
public sealed partial class PageTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types ui";

    [Theory]
    [InlineData("ui")]
    [InlineData("ui/runs")]
    [InlineData("ui/timeline")]
    [InlineData("ui/trends?range=1y")]
    [InlineData("ui/live")]
    [InlineData("ui/settings")]
    [InlineData("beta/ui/runs")]
    public async Task Page_has_the_strict_headers_and_allows_nothing_inline(string path)
    {
        await AddAsync(Bodies.Run);
        using var response = await Client.GetAsync(path, Cancellation);
        var html = await response.Content.ReadAsStringAsync(Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        Header(response, "Content-Security-Policy").ShouldBe(Policy);
        Header(response, "X-Content-Type-Options").ShouldBe("nosniff");
        Header(response, "Referrer-Policy").ShouldBe("no-referrer");
        Header(response, "Cross-Origin-Opener-Policy").ShouldBe("same-origin");
        Header(response, "Cache-Control").ShouldBe("no-store");
        response.Headers.Contains("OData-Version").ShouldBeFalse();
        Inline().Matches(html).ShouldBeEmpty();
        html.ShouldContain(
            path.StartsWith("beta", StringComparison.Ordinal) ? "href=\"/beta/ui/runs" : "href=\"/ui/runs"
        );
    }

    [Theory]
    [InlineData("ui", HttpStatusCode.OK)]
    [InlineData("ui/runs", HttpStatusCode.OK)]
    [InlineData("ui/nothing", HttpStatusCode.NotFound)]
    public async Task Head_has_the_headers_of_get_and_no_body(string path, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var response = await Client.SendAsync(request, Cancellation);

        response.StatusCode.ShouldBe(status);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        Header(response, "Content-Security-Policy").ShouldBe(Policy);
        (await response.Content.ReadAsByteArrayAsync(Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Page_without_a_token_is_401_with_a_button_and_not_a_redirect()
    {
        using var client = new HttpClient { BaseAddress = Service.Root };
        using var response = await client.GetAsync("ui/runs?$top=25", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldContain(
            "href=\"/ui/sign-in?return=%2Fui%2Fruns%3F%24top%3D25\""
        );
    }

    [Fact]
    public async Task Page_without_the_permission_is_403_as_a_page()
    {
        using var client = Service.Authorized(Tokens.Make(roles: ["Other"]));
        using var response = await client.GetAsync("ui", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldContain("IndustryData-Run.Read.All");
    }

    [Theory]
    [InlineData("ui/nothing")]
    [InlineData("ui/runs/019f0000-0000-7000-8000-000000000001")]
    [InlineData("ui/runs/no-id")]
    public async Task Unknown_page_is_404_as_a_page_with_the_request_id(string path)
    {
        using var response = await Client.GetAsync(path, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldContain(Header(response, "request-id"));
    }

    [Theory]
    [InlineData("/", "/ui")]
    [InlineData("/beta/", "/beta/ui")]
    public async Task Service_document_sends_browsers_to_the_pages(string path, string location)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = Service.Root };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        using var response = await client.SendAsync(request, Cancellation);
        using var json = await client.GetAsync(path, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Found);
        response.Headers.Location!.OriginalString.ShouldBe(location);
        json.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Asset_is_cached_for_a_year_and_another_hash_is_404()
    {
        var html = await Client.GetStringAsync("ui/settings", Cancellation);
        var url = Stylesheet().Match(html).Groups[1].Value;
        using var client = new HttpClient { BaseAddress = Service.Root };
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip, br");
        using var response = await client.SendAsync(request, Cancellation);
        using var other = await client.GetAsync(url.Replace("/a/", "/a/0", StringComparison.Ordinal), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        Header(response, "Cache-Control").ShouldBe("public, max-age=31536000, immutable");
        response.Content.Headers.ContentEncoding.ShouldBe(["br"]);
        other.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        other.Headers.CacheControl!.NoStore.ShouldBeTrue();
    }

    [Fact]
    public async Task Csv_has_a_byte_order_mark_a_row_for_each_run_and_quoted_cells()
    {
        for (var n = 0; n < 3; n++)
        {
            await AddAsync(Bodies.RunAt(n, $"run {n}, \\\"quoted\\\" "));
        }

        using var response = await Client.GetAsync("ui/runs.csv?$orderby=displayName", Cancellation);
        var bytes = await response.Content.ReadAsByteArrayAsync(Cancellation);

        response.Content.Headers.ContentType!.ToString().ShouldBe("text/csv; charset=utf-8");
        bytes[..3].ShouldBe(Encoding.UTF8.Preamble.ToArray());
        var lines = Encoding.UTF8.GetString(bytes[3..]).Split("\r\n");
        lines.Length.ShouldBe(5);
        lines[0].ShouldStartWith("id,displayName,startDateTime,");
        lines[1].ShouldContain("\"run 0, \"\"quoted\"\" \"");
    }

    [Fact]
    public async Task Csv_has_the_cells_that_look_like_formulas_as_they_are_if_the_url_says_so()
    {
        await AddAsync(Bodies.RunAt(0, "=1+1"));

        (await Client.GetStringAsync("ui/runs.csv", Cancellation)).ShouldContain(",'=1+1,");
        (await Client.GetStringAsync("ui/runs.csv?raw=1", Cancellation)).ShouldContain(",=1+1,");
    }

    [Theory]
    [InlineData("019F0000-0000-7000-8000-000000000001", "/ui/runs/019f0000-0000-7000-8000-000000000001")]
    [InlineData("a & b", "/ui/runs?$search=a%20%26%20b")]
    public async Task Quick_search_leads_to_a_run_or_to_a_list(string text, string location)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = Service.Root };
        client.DefaultRequestHeaders.Authorization = Client.DefaultRequestHeaders.Authorization;
        using var response = await client.GetAsync($"ui/runs?find={Uri.EscapeDataString(text)}", Cancellation);

        response.Headers.Location!.OriginalString.ShouldBe(location);
    }

    [Theory]
    [InlineData("", "run 2")]
    [InlineData("$orderby=startDateTime", "run 2,run 3,run 4")]
    [InlineData("$filter=displayName ne 'run 2'", "run 1,run 0")]
    [InlineData("$top=25", "run 2,run 1,run 0")]
    public async Task List_begins_at_a_time(string query, string first)
    {
        for (var n = 0; n < 5; n++)
        {
            await AddAsync(Bodies.RunAt(n, $"run {n}"));
        }

        // A client removes the header Authorization when it follows a redirect.
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = Service.Root };
        client.DefaultRequestHeaders.Authorization = Client.DefaultRequestHeaders.Authorization;
        using var redirect = await client.GetAsync($"ui/runs?{query}&at=2026-01-01T00:02:00Z", Cancellation);
        var html = await client.GetStringAsync(redirect.Headers.Location, Cancellation);

        var names = Name().Matches(html).Select(m => m.Groups[1].Value).ToList();
        names.Take(first.Split(',').Length).ShouldBe(first.Split(','));
        html.ShouldContain("rel=\"first\"");
    }

    [Theory]
    [InlineData("$orderby=displayName&at=2026-01-01T00:02:00Z")]
    [InlineData("at=yesterday")]
    public async Task List_that_cannot_begin_at_the_time_begins_at_its_first_run(string query)
    {
        await AddAsync(Bodies.RunAt(0));

        var html = await Client.GetStringAsync($"ui/runs?{query}", Cancellation);

        Name().Count(html).ShouldBe(1);
        html.ShouldNotContain("rel=\"first\"");
    }

    [Fact]
    public async Task Requests_of_the_list_have_its_filter_and_not_the_size_of_the_page()
    {
        await AddAsync(Bodies.RunAt(0));

        var html = WebUtility.HtmlDecode(
            await Client.GetStringAsync("ui/runs?$top=25&$filter=status eq 'running'&total=1", Cancellation)
        );

        var url = $"{Service.Root}process/runs?$filter=status%20eq%20%27running%27";
        html.ShouldContain($"curl -H \"Authorization: Bearer $TOKEN\" '{url}'");
        html.ShouldContain($"OData.Feed(\"{url}\", null, [Implementation = \"2.0\"])");
        html.ShouldContain("href=\"/ui/runs.csv?$filter=status%20eq%20%27running%27\"");
        using var csv = await Client.GetAsync("ui/runs.csv?$filter=status eq 'running'", Cancellation);
        csv.Content.Headers.ContentDisposition!.FileName.ShouldBe("runs-status-eq-running.csv");
    }

    [Theory]
    [InlineData("$top=0")]
    [InlineData("$top=many")]
    [InlineData("unknown=1")]
    [InlineData("$filter=")]
    public async Task Value_that_the_page_does_not_offer_is_replaced_by_the_default(string query)
    {
        (await Client.GetStringAsync($"ui/runs?{query}", Cancellation)).ShouldContain("No run has been reported yet");
    }

    [Fact]
    public async Task Body_that_is_no_form_is_400_as_a_page()
    {
        using var response = await Client.PostAsync("ui/settings", Bodies.Json("{}"), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldContain("malformedForm");
    }

    private static string Header(HttpResponseMessage response, string name) =>
        response.Headers.GetValues(name).ShouldHaveSingleItem();

    // Scripts, styles and handlers in the page, which the policy forbids.
    [GeneratedRegex("""<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=""")]
    private static partial Regex Inline();

    [GeneratedRegex("""<th scope="row" class="name">\s*<a [^>]*>\s*<bdi>([^<]*)<""")]
    private static partial Regex Name();

    [GeneratedRegex("rel=\"stylesheet\" href=\"([^\"]+)\"")]
    private static partial Regex Stylesheet();
}
