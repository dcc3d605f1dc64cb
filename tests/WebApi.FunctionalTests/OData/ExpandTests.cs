using System.Net;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.OData;

public sealed class ExpandTests(TestDatabase database) : FunctionalTest(database)
{
    [Fact]
    public async Task Each_run_of_a_list_has_its_own_activities_in_their_order()
    {
        var runs = new Dictionary<string, string[]>();
        foreach (var count in (int[])[2, 0, 3])
        {
            var run = await AddAsync(Run(count));
            runs[run.Segments[^1]] =
            [
                .. (await Client.GetJsonAsync(new Uri($"{run}/activities")))
                    .GetProperty("value")
                    .EnumerateArray()
                    .Select(a => a.GetRawText()),
            ];
        }

        using var stranger = Service.Authorized(Tokens.Make(tid: Tokens.OtherTenant.ToString()));
        await AddAsync(Run(1), stranger);

        var list = (await GetAsync("process/runs?$expand=activities")).GetProperty("value");

        list.GetArrayLength().ShouldBe(3);
        foreach (var run in list.EnumerateArray())
        {
            run.GetProperty("activities").EnumerateArray().Select(a => a.GetRawText()).ShouldBe(runs[run.Text("id")]);
            run.GetProperty("activities")
                .EnumerateArray()
                .Select(a => a.Text("id"))
                .ShouldBeInOrder(SortDirection.Ascending, StringComparer.Ordinal);
            var alone = await GetAsync($"process/runs/{run.Text("id")}?$expand=activities");
            alone.GetProperty("activities").GetRawText().ShouldBe(run.GetProperty("activities").GetRawText());
            alone.TryGetProperty("statistics", out _).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData("$expand=activities", "startDateTime")]
    [InlineData("expand=*", "startDateTime")]
    [InlineData("$EXPAND=activities&$select=id", "id")]
    public async Task Activities_come_beside_what_is_selected(string query, string member)
    {
        var run = await AddAsync(Run(1));
        foreach (
            var item in (JsonElement[])
                [(await GetAsync($"process/runs?{query}")).GetProperty("value")[0], await GetAsync($"{run}?{query}")]
        )
        {
            item.GetProperty("activities").GetArrayLength().ShouldBe(1);
            item.TryGetProperty(member, out _).ShouldBeTrue();
            item.TryGetProperty("displayName", out _).ShouldBe(member != "id");
        }

        (await GetAsync("process/runs")).GetProperty("value")[0].TryGetProperty("activities", out _).ShouldBeFalse();
    }

    /// <summary>Three runs have 3 MB of activities each. A page takes the runs that begin within 4 MB.</summary>
    [Fact]
    public async Task A_page_of_large_activities_ends_early_and_the_next_goes_on()
    {
        for (var i = 0; i < 3; i++)
        {
            var id = (await AddAsync(Bodies.RunAt(i))).Segments[^1];
            await TestDatabase.ExecuteAsync(
                Database.ConnectionString,
                $$"""
                INSERT INTO run_activities (tenant_id, run_id, id, type, display_name, status, blocking_error)
                SELECT '{{Tokens.Tenant}}', '{{id}}', gen_random_uuid(), 0, 'a', 0,
                    ('{"message":"' || repeat('x', 60000) || '"}')::json
                FROM generate_series(1, 50)
                """
            );
        }

        var first = await GetAsync("process/runs?$expand=activities");
        var rest = await Client.GetJsonAsync(new Uri(first.Text("@odata.nextLink")));

        first
            .GetProperty("value")
            .EnumerateArray()
            .Select(r => r.GetProperty("activities").GetArrayLength())
            .ShouldBe([50, 50]);
        rest.GetProperty("value")
            .EnumerateArray()
            .Select(r => r.GetProperty("activities").GetArrayLength())
            .ShouldBe([50]);
        rest.TryGetProperty("@odata.nextLink", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_page_has_a_hundred_runs_at_most_and_the_next_one_expands_too()
    {
        for (var i = 0; i < 101; i++)
        {
            await AddAsync(Run(1));
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "process/runs?$expand=activities&$top=1000")
        {
            Headers = { { "Prefer", "odata.maxpagesize=500" } },
        };
        using var response = await Client.SendAsync(request, Cancellation);
        response.Headers.GetValues("Preference-Applied").ShouldBe(["odata.maxpagesize=100"]);
        var page = await response.JsonAsync();
        page.GetProperty("value").GetArrayLength().ShouldBe(100);
        var rest = (await Client.GetJsonAsync(new Uri(page.Text("@odata.nextLink")))).GetProperty("value");
        rest.GetArrayLength().ShouldBe(1);
        rest[0].GetProperty("activities").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task What_the_caller_has_already_is_not_sent_again()
    {
        var run = await AddAsync(Run(1));
        var etag = (await Client.GetJsonAsync(run)).Text("@odata.etag");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{run}?$expand=activities")
        {
            Headers = { { "If-None-Match", etag } },
        };

        (await Client.SendAsync(request, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Theory]
    [InlineData("process/runs?$expand=actvities", "Did you mean activities")]
    [InlineData("process/runs?$expand=Activities", "Did you mean activities")]
    [InlineData("process/runs?$expand=flows", "nothing to expand but activities")]
    [InlineData("process/runs?$expand=statistics", "use $select")]
    [InlineData("process/runs?$expand=activities,", "a name is empty")]
    [InlineData("process/runs?$expand=", "a name is empty")]
    [InlineData("process/runs?$expand=activities($select=id)", "options in parentheses")]
    [InlineData("process/runs?$expand=activities/$ref", "$ref")]
    [InlineData("process/runs?$expand=activities/$count", "$count")]
    [InlineData("process/runs?$select=activities", "$expand=activities")]
    [InlineData("process/runs/{0}?$expand=actvities", "Did you mean activities")]
    [InlineData("process/runs/{0}/activities?$expand=activity", "$expand")]
    [InlineData("process/runs/{0}/getStatistics?$expand=activities", "$expand")]
    [InlineData("process/runs/$count?$expand=activities", "$expand")]
    [InlineData("process/runs/delta?$expand=activities", "$expand")]
    [InlineData("process?$expand=runs", "$expand")]
    public async Task What_cannot_be_expanded_is_refused_by_name(string path, string reason)
    {
        var run = await AddAsync(Run(1));
        using var response = await Client.GetAsync(string.Format(null, path, run.Segments[^1]), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync()).GetProperty("error").Text("message").ShouldContain(reason);
    }

    private static string Run(int activities) =>
        $$"""
            { "displayName": "a", "startDateTime": "2026-01-01T00:00:00Z", "status": "running", "statistics": {},
              "activities": [{{string.Join(',', Enumerable.Range(0, activities).Select(Activity))}}] }
            """;

    private static string Activity(int number) =>
        $$"""
            {"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"{{number}}",
             "status":"completed"}
            """;

    private Task<JsonElement> GetAsync(string path) => Client.GetJsonAsync(new Uri(Service.Root, path));
}
