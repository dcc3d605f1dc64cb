using System.Net;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Runs;

public sealed class ActivityPagingTests(TestDatabase database) : FunctionalTest(database)
{
    private const int There = 250;

    [Theory]
    [InlineData("activities", new[] { 100, 100, 50 })]
    [InlineData("activities?$top=125", new[] { 125, 125 })]
    [InlineData("activities?$top=5000", new[] { 250 })]
    [InlineData("activities?top=120&count=true", new[] { 120, 120, 10 })]
    [InlineData("activities/$ref", new[] { 100, 100, 50 })]
    [InlineData("activities/$ref?$top=200", new[] { 200, 50 })]
    public async Task Pages_together_have_each_activity_once_and_in_its_order(string path, int[] sizes)
    {
        var run = await AddRunAsync();
        var all = (await Client.GetJsonAsync(new Uri($"{run}/activities?$top=1000")))
            .GetProperty("value")
            .EnumerateArray()
            .Select(a => a.Text("id"))
            .ToList();

        var (found, seen) = (new List<int>(), new List<string>());
        for (Uri? next = new($"{run}/{path}"); next is not null; )
        {
            var page = await Client.GetJsonAsync(next);
            page.TryGetProperty("@odata.count", out var count)
                .ShouldBe(path.Contains("count", StringComparison.Ordinal));
            (count.ValueKind == JsonValueKind.Undefined ? There : count.GetInt32()).ShouldBe(There);
            seen.AddRange(
                page.GetProperty("value")
                    .EnumerateArray()
                    .Select(a =>
                        path.Contains("$ref", StringComparison.Ordinal)
                            ? a.Text("@odata.id").Split('/')[^1]
                            : a.Text("id")
                    )
            );
            found.Add(page.GetProperty("value").GetArrayLength());
            next = page.TryGetProperty("@odata.nextLink", out var link) ? new Uri(link.GetString()!) : null;
        }

        found.ShouldBe(sizes);
        seen.ShouldBe(all);
    }

    [Fact]
    public async Task The_preferred_page_size_is_kept_to()
    {
        var run = await AddRunAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{run}/activities")
        {
            Headers = { { "Prefer", "odata.maxpagesize=30" } },
        };
        using var response = await Client.SendAsync(request, Cancellation);

        response.Headers.GetValues("Preference-Applied").ShouldBe(["odata.maxpagesize=30"]);
        (await response.JsonAsync()).GetProperty("value").GetArrayLength().ShouldBe(30);
    }

    [Fact]
    public async Task A_page_of_size_0_is_empty_and_has_no_next()
    {
        var run = await AddRunAsync();
        var page = await Client.GetJsonAsync(new Uri($"{run}/activities?$top=0&$count=true"));

        page.GetProperty("value").GetArrayLength().ShouldBe(0);
        page.GetProperty("@odata.count").GetInt32().ShouldBe(There);
        page.TryGetProperty("@odata.nextLink", out _).ShouldBeFalse();
        (
            await Client.GetAsync(new Uri(run, $"{Guid.CreateVersion7()}/activities?$top=0"), Cancellation)
        ).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_token_is_good_for_its_own_run_and_options_only()
    {
        var (run, other) = (await AddRunAsync(), await AddRunAsync());
        var token = (await Client.GetJsonAsync(new Uri($"{run}/activities")))
            .Text("@odata.nextLink")
            .Split("$skiptoken=")[1];

        (await Client.GetAsync(new Uri($"{run}/activities?$skiptoken={token}"), Cancellation)).StatusCode.ShouldBe(
            HttpStatusCode.OK
        );
        foreach (
            var url in (string[])
                [
                    $"{other}/activities?$skiptoken={token}",
                    $"{run}/activities?$top=3&$skiptoken={token}",
                    $"{run}/activities?$skiptoken=x",
                    $"{Service.Root}process/runs?$skiptoken={token}",
                ]
        )
        {
            using var response = await Client.GetAsync(new Uri(url), Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, url);
            (await response.JsonAsync()).Cause().ShouldBe("invalidSkipToken");
        }
    }

    private Task<Uri> AddRunAsync() =>
        AddAsync(
            $$"""
            { "displayName": "a", "startDateTime": "2026-01-01T00:00:00Z", "status": "running", "statistics": {},
              "activities": [{{string.Join(',', Enumerable.Range(0, There).Select(Activity))}}] }
            """
        );

    private static string Activity(int number) =>
        $$"""
            {"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"{{number}}",
             "status":"completed"}
            """;
}
