using System.Net;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Runs;

public sealed class ReadRunTests(TestDatabase database) : FunctionalTest(database)
{
    [Theory]
    [InlineData("process/runs/{0}", "process/runs")]
    [InlineData("beta/process/runs('{0}')", "process/runs")]
    [InlineData("external/industryData/runs/{0}", "external/industryData/runs")]
    [InlineData("beta/external/industrydata/RUNS(%27{0}%27)", "external/industryData/runs")]
    public async Task A_run_is_read_at_each_address_and_in_each_key_spelling(string path, string fragment)
    {
        var id = (await AddAsync(Bodies.Run)).Segments[^1];
        using var response = await Client.GetAsync(string.Format(null, path, id), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response
            .Content.Headers.ContentType!.ToString()
            .ShouldBe(
                "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8"
            );
        var run = await response.JsonAsync();
        run.Text("id").ShouldBe(id);
        run.Text("@odata.context").ShouldEndWith($"$metadata#{fragment}/$entity");
        run.Text("@odata.etag").ShouldBe(response.Headers.ETag!.ToString());
        run.Text("createdDateTime").ShouldBe(run.Text("lastModifiedDateTime"));
        run.GetProperty("createdDateTime").GetDateTimeOffset().ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task An_unchanged_run_is_not_sent_again()
    {
        var url = await AddAsync(Bodies.Run);
        var etag = (await Client.GetJsonAsync(url)).Text("@odata.etag");

        (await StatusAsync(etag)).ShouldBe(HttpStatusCode.NotModified);
        (await StatusAsync("\"x\", \"1\"")).ShouldBe(HttpStatusCode.NotModified);
        (await StatusAsync("W/\"0\"")).ShouldBe(HttpStatusCode.OK);

        async Task<HttpStatusCode> StatusAsync(string known)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url)
            {
                Headers = { { "If-None-Match", known } },
            };
            using var response = await Client.SendAsync(request, Cancellation);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Get_with_id_in_upper_case_returns_the_run()
    {
        var url = await AddAsync(Bodies.Run);
        var id = url.Segments[^1];

        using var response = await Client.GetAsync($"process/runs/{id.ToUpperInvariant()}", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.JsonAsync()).Text("id").ShouldBe(id);
    }

    [Theory]
    [InlineData("process/runs/01900000-0000-7000-8000-000000000000")]
    [InlineData("process/runs/nightly")]
    [InlineData("process/runs('it''s')")]
    [InlineData("process/runs/01900000000070008000000000000000")]
    [InlineData("process/runs/nightly/getStatistics")]
    public async Task An_id_that_does_not_exist_is_404(string path)
    {
        using var response = await Client.GetAsync(path, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.JsonAsync()).Cause().ShouldBe("runNotFound");
    }

    [Theory]
    [InlineData("GET", "start")]
    [InlineData("GET", "$ref")]
    [InlineData("PATCH", "$count")]
    [InlineData("PATCH", "delta")]
    [InlineData("GET", "delta(token='x')")]
    [InlineData("DELETE", "getStatistics")]
    [InlineData("PATCH", "microsoft.graph.industryData.getStatistics()")]
    [InlineData("PATCH", "microsoft.graph.industryData.start")]
    [InlineData("DELETE", "start")]
    public async Task The_names_of_operations_are_no_ids(string method, string name)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"process/runs/{name}");
        using var response = await Client.SendAsync(request, Cancellation);

        response.StatusCode.ShouldBeOneOf(HttpStatusCode.NotImplemented, HttpStatusCode.MethodNotAllowed);
    }

    [Theory]
    [InlineData("GET", "{id}/displayName")]
    [InlineData("GET", "{id}/status/$value")]
    [InlineData("GET", "('{id}')/statistics")]
    [InlineData("GET", "{id}/$ref")]
    [InlineData("GET", "{id}/activities/{id}/activity")]
    [InlineData("GET", "$entity")]
    [InlineData("GET", "$all")]
    [InlineData("POST", "$query")]
    [InlineData("GET", "microsoft.graph.industryData.industryDataRun")]
    public async Task A_path_of_OData_that_is_not_offered_is_501(string method, string path)
    {
        var id = (await AddAsync(Bodies.Run)).Segments[^1];
        path = path.Replace("{id}", id, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(
            new HttpMethod(method),
            $"process/runs{(path[0] == '(' ? "" : "/")}{path}"
        );
        using var response = await Client.SendAsync(request, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.NotImplemented);
        (await response.JsonAsync())
            .GetProperty("error")
            .GetProperty("innerError")
            .Text("code")
            .ShouldBe("notSupported");
    }

    [Fact]
    public async Task The_list_begins_with_the_newest_and_leaves_statistics_out()
    {
        foreach (var minute in (int[])[2, 0, 1])
        {
            await AddAsync(Bodies.RunAt(minute, $"run {minute}"));
        }

        using var response = await Client.GetAsync("beta/external/industryData/runs", Cancellation);
        var list = await response.JsonAsync();

        list.EnumerateObject().Select(m => m.Name).ShouldBe(["@odata.context", "value"]);
        list.Text("@odata.context").ShouldBe($"{Service.Root}beta/$metadata#external/industryData/runs");
        list.GetProperty("value")
            .EnumerateArray()
            .Select(r => r.Text("displayName"))
            .ShouldBe(["run 2", "run 1", "run 0"]);
        list.GetProperty("value")[0]
            .EnumerateObject()
            .Select(m => m.Name)
            .ShouldBe([
                "@odata.etag",
                "id",
                "displayName",
                "startDateTime",
                "endDateTime",
                "status",
                "blockingError",
                "createdDateTime",
                "lastModifiedDateTime",
            ]);
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_duplicate_while_others_add()
    {
        // There are three runs per minute, so that pages end among equal startDateTimes.
        var there = new HashSet<string>();
        for (var i = 0; i < 250; i++)
        {
            there.Add((await AddAsync(Bodies.RunAt(i / 3))).Segments[^1]);
        }

        var seen = new List<string>();
        Uri? next = new(Service.Root, "beta/process/runs?$top=7");
        for (var pages = 0; next is not null; pages++)
        {
            var page = await Client.GetJsonAsync(next);
            page.GetProperty("value").GetArrayLength().ShouldBeInRange(1, 7);
            seen.AddRange(page.GetProperty("value").EnumerateArray().Select(r => r.Text("id")));
            next = page.TryGetProperty("@odata.nextLink", out var link) ? new Uri(link.GetString()!) : null;
            next?.ToString().ShouldStartWith($"{Service.Root}beta/process/runs?$top=7&$skiptoken=");
            await AddAsync(Bodies.RunAt(pages % 2 == 0 ? 1000 + pages : pages));
        }

        seen.Count.ShouldBe(seen.Distinct().Count());
        there.Except(seen).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", 100, true)]
    [InlineData("?$top=3", 3, true)]
    [InlineData("?TOP=3", 3, true)]
    [InlineData("?%24top=0", 0, false)]
    [InlineData("?$top=1000", 120, false)]
    [InlineData("?$top=99999999999999999999", 120, false)]
    public async Task Top_is_the_page_size(string query, int count, bool hasNext)
    {
        await Database.ReadAsync<long>(
            """
            WITH added AS (
                INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                    last_modified_date_time, version, statistics)
                SELECT '11111111-1111-4111-8111-111111111111', gen_random_uuid(), 'x', now(), 0, now(), now(), 1, '{}'
                FROM generate_series(1, 120) RETURNING 1)
            SELECT count(*) FROM added
            """
        );
        var page = await Client.GetJsonAsync(new Uri(Service.Root, $"process/runs{query}"));

        page.GetProperty("value").GetArrayLength().ShouldBe(count);
        page.TryGetProperty("@odata.nextLink", out _).ShouldBe(hasNext);
    }

    [Theory]
    [InlineData("$top=-1")]
    [InlineData("$top=")]
    [InlineData("$top=1.5")]
    [InlineData("$top=1&top=2")]
    [InlineData("$top=1&$top=1")]
    [InlineData("$skiptoken=AAAA")]
    [InlineData("$skiptoken=AAAA,")]
    [InlineData("$skiptoken=")]
    [InlineData("$skiptoken=!!!!")]
    [InlineData("$skiptoken=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$skiptoken=%00")]
    [InlineData("$$top=1")]
    [InlineData("$apply=aggregate($count as n)")]
    [InlineData("colour=red")]
    public async Task What_is_not_understood_of_a_query_is_refused_by_name(string query)
    {
        using var response = await Client.GetAsync($"process/runs?{query}", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync()).GetProperty("error").Text("message").ShouldContain(query.Split('=')[0]);
    }

    [Fact]
    public async Task A_page_token_is_good_for_nobody_else_and_cannot_be_changed()
    {
        await AddAsync(Bodies.RunAt(1));
        await AddAsync(Bodies.RunAt(2));
        var link = (await Client.GetJsonAsync(new Uri(Service.Root, "process/runs?$top=1"))).Text("@odata.nextLink");
        using var stranger = Service.Authorized(Tokens.Make(tid: Tokens.OtherTenant.ToString()));

        (await stranger.GetAsync(new Uri(link), Cancellation)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var changed = link[^1] == 'A' ? link[..^2] + "BA" : link[..^1] + 'A';
        (await Client.GetAsync(new Uri(changed), Cancellation)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await Client.GetAsync(new Uri(link), Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("process/runs/{0}/getStatistics")]
    [InlineData("process/runs/{0}/getStatistics()")]
    [InlineData("beta/external/industryData/runs('{0}')/microsoft.graph.industryData.getStatistics")]
    [InlineData("beta/external/industryData/runs/{0}/microsoft.graph.industryData.getStatistics()")]
    public async Task Statistics_are_read_in_four_spellings(string path)
    {
        var id = (
            await AddAsync(
                """
                { "displayName": "a", "startDateTime": "2026-01-01T00:00:00Z", "status": "running",
                  "statistics": { "rows": 1.0, "inboundTotals": { "people": 5 },
                    "activityStatistics": [
                      { "activityId": "f1", "displayName": "Flow", "status": "inProgress", "x@y.z": 1 } ] } }
                """
            )
        ).Segments[^1];
        var statistics = await Client.GetJsonAsync(new Uri(Service.Root, string.Format(null, path, id)));

        statistics
            .Text("@odata.context")
            .ShouldEndWith("$metadata#microsoft.graph.industryData.industryDataRunStatistics");
        JsonSerializer
            .Serialize(statistics.EnumerateObject().Skip(1).ToDictionary(m => m.Name, m => m.Value))
            .ShouldBe(
                $$"""{"runId":"{{id}}","status":"running","rows":1.0,"inboundTotals":"""
                    + """{"people":5},"activityStatistics":"""
                    + """[{"@odata.type":"#microsoft.graph.industryData.inboundActivityResults","""
                    + "\"activityId\":\"f1\",\"displayName\":\"Flow\",\"status\":\"inProgress\"}]}"
            );
    }

    [Fact]
    public async Task Statistics_without_the_known_members_still_show_them()
    {
        var statistics = await Client.GetJsonAsync(new Uri($"{await AddAsync(Bodies.Run)}/getStatistics"));

        statistics.GetProperty("activityStatistics").GetArrayLength().ShouldBe(0);
        statistics.GetProperty("inboundTotals").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("external", "external")]
    [InlineData("beta/external/industryData", "external/industryData/$entity")]
    [InlineData("process", "process")]
    public async Task The_singletons_above_the_runs_are_there(string path, string fragment) =>
        (await Client.GetJsonAsync(new Uri(Service.Root, path)))
            .Text("@odata.context")
            .ShouldEndWith($"$metadata#{fragment}");
}
