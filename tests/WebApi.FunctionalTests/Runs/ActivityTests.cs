using System.Net;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Runs;

public sealed class ActivityTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Running =
        """{"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"running","statistics":{} }""";

    private const string Inbound = """
        { "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity", "displayName": "Classes",
          "status": "inProgress",
          "activity": { "@odata.type": "#microsoft.graph.industryData.inboundFileFlow", "id": "f1",
            "displayName": "Classes from SIS", "readinessStatus": "ready" } }
        """;

    [Fact]
    public async Task A_run_comes_with_a_thousand_activities_at_most()
    {
        var activities = string.Join(',', Enumerable.Repeat("{}", 1001));
        var body = $$"""
            {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"running","statistics":{},
             "activities":[{{activities}}]}
            """;
        using var response = await Client.PostAsync("process/runs", Bodies.Json(body), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync()).Cause().ShouldBe("tooManyActivities");
    }

    /// <summary>All activities of a run are read together.</summary>
    [Theory]
    [InlineData("blockingError", """{"message":"@"}""")]
    [InlineData("activity", """{"id":"@","displayName":"a","readinessStatus":"ready"}""")]
    public async Task What_an_activity_holds_has_a_limit(string member, string value)
    {
        var run = (await AddAsync(Bodies.RunAt(0))).AbsolutePath[1..];
        async Task<HttpStatusCode> AddedAsync(int size)
        {
            var kept = value.Replace("@", new string('x', size - value.Length + 1), StringComparison.Ordinal);
            var body = $$"""
                {"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"a","status":"failed",
                 "{{member}}":{{kept}}}
                """;
            using var response = await Client.PostAsync($"{run}/activities", Bodies.Json(body), Cancellation);
            return response.StatusCode;
        }

        (await AddedAsync(8 * 1024)).ShouldBe(HttpStatusCode.Created);
        (await AddedAsync((8 * 1024) + 1)).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_activity_is_added_to_a_running_run_and_read_back()
    {
        var run = await AddAsync(Running);
        var before = (await Client.GetJsonAsync(run)).Text("@odata.etag");
        using var response = await PostAsync(run, Inbound);

        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        var activity = await response.JsonAsync();
        activity
            .Text("@odata.context")
            .ShouldBe($"{Service.Root}beta/$metadata#process/runs('{run.Segments[^1]}')/activities/$entity");
        activity.Text("@odata.type").ShouldBe("#microsoft.graph.industryData.inboundFlowActivity");
        activity
            .GetProperty("activity")
            .GetRawText()
            .ShouldBe("""{"id":"f1","displayName":"Classes from SIS","readinessStatus":"ready"}""");
        activity.GetProperty("blockingError").ValueKind.ShouldBe(JsonValueKind.Null);
        var id = activity.Text("id");
        response.Headers.Location!.ToString().ShouldBe($"{run}/activities/{id}");

        (await Client.GetJsonAsync(response.Headers.Location)).GetRawText().ShouldBe(activity.GetRawText());
        (await Client.GetJsonAsync(new Uri($"{run}/activities('{id}')"))).Text("id").ShouldBe(id);
        var list = await Client.GetJsonAsync(new Uri($"{run}/activities"));
        list.Text("@odata.context").ShouldEndWith("/activities");
        foreach (var level in (string[])["none", "minimal", "full"])
        {
            var references = await Client.GetJsonAsync(
                new Uri($"{run}/activities/$ref?$format=application/json;odata.metadata={level}")
            );
            references.GetProperty("value").GetRawText().ShouldBe($$"""[{"@odata.id":"{{run}}/activities/{{id}}"}]""");
        }

        list.GetProperty("value").EnumerateArray().Select(a => a.Text("id")).ShouldBe([id]);
        (await Client.GetStringAsync(new Uri($"{run}/activities/$count"), Cancellation)).ShouldBe("1");
        (await Client.GetJsonAsync(run)).Text("@odata.etag").ShouldNotBe(before);
    }

    [Fact]
    public async Task A_run_comes_with_its_activities_in_their_order()
    {
        var run = await AddAsync(
            """
            { "displayName": "a", "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-01-01T01:00:00Z",
              "status": "failed", "statistics": {},
              "activities": [
                { "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity", "displayName": "in",
                  "status": "failed", "blockingError": { "code": "x", "message": null } },
                { "@odata.type": "microsoft.graph.industryData.outboundFlowActivity", "displayName": "out",
                  "status": "skipped", "activity": null } ] }
            """
        );
        var activities = (await Client.GetJsonAsync(new Uri($"{run}/activities"))).GetProperty("value");

        activities.EnumerateArray().Select(a => a.Text("displayName")).ShouldBe(["in", "out"]);
        activities
            .EnumerateArray()
            .Single(a => a.Text("displayName") == "in")
            .GetProperty("blockingError")
            .GetRawText()
            .ShouldBe("""{"code":"x","message":null}""");
        activities
            .EnumerateArray()
            .Single(a => a.Text("displayName") == "out")
            .Text("@odata.type")
            .ShouldBe("#microsoft.graph.industryData.outboundFlowActivity");
    }

    /// <summary>With random ids, 20 activities would return in the order sent only once in 20! times.</summary>
    [Fact]
    public async Task Activities_sent_with_a_run_and_added_later_return_in_that_order()
    {
        var one = (int i) =>
            $$"""
                {"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"{{i}}",
                 "status":"completed"}
                """;
        var sent = Enumerable.Range(0, 20).ToList();
        var run = await AddAsync(
            $$"""
            {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"running","statistics":{},
             "activities":[{{string.Join(',', sent.Take(15).Select(one))}}]}
            """
        );
        foreach (var i in sent.Skip(15))
        {
            (await PostAsync(run, one(i))).StatusCode.ShouldBe(HttpStatusCode.Created);
        }

        var activities = (await Client.GetJsonAsync(new Uri($"{run}/activities"))).GetProperty("value");

        activities.EnumerateArray().Select(a => a.Text("displayName")).ShouldBe(sent.Select(i => $"{i}"));
        activities.EnumerateArray().ShouldAllBe(a => Guid.Parse(a.Text("id")).Version == 7);
    }

    [Theory]
    [InlineData("{}", new[] { "@odata.type", "displayName", "status" })]
    [InlineData(
        """{"@odata.type":"#x","displayName":" ","status":"running","colour":1,"activity":{"id":1,"extra":2}}""",
        new[]
        {
            "@odata.type",
            "activity/displayName",
            "activity/extra",
            "activity/id",
            "activity/readinessStatus",
            "colour",
            "displayName",
            "status",
        }
    )]
    public async Task Faults_are_named_with_their_paths(string body, string[] targets)
    {
        var run = await AddAsync(Running);
        using var alone = await PostAsync(run, body);
        alone.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await TargetsAsync(alone)).ShouldBe(targets);

        using var within = await Client.PostAsync(
            "process/runs",
            Bodies.Json(
                $$"""
                {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"running","statistics":{},
                 "activities":[{{Inbound}},{{body}}]}
                """
            ),
            Cancellation
        );
        within.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await TargetsAsync(within)).ShouldBe(targets.Select(t => $"activities/1/{t}"));
    }

    [Fact]
    public async Task A_name_has_a_hundred_characters_at_most()
    {
        var run = await AddAsync(Running);
        (
            await PostAsync(
                run,
                Inbound.Replace("\"Classes\"", $"\"{new string('a', 100)}\"", StringComparison.Ordinal)
            )
        ).StatusCode.ShouldBe(HttpStatusCode.Created);
        (
            await PostAsync(
                run,
                Inbound.Replace("\"Classes\"", $"\"{new string('a', 101)}\"", StringComparison.Ordinal)
            )
        ).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_run_has_a_thousand_activities_at_most()
    {
        var one = """
            {"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"a",
             "status":"completed"}
            """;
        (await AddManyAsync(1001)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var full = await AddManyAsync(1000);
        full.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await PostAsync(full.Headers.Location!, one)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        Task<HttpResponseMessage> AddManyAsync(int count) =>
            Client.PostAsync(
                "process/runs",
                Bodies.Json(
                    $$"""
                    {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"running","statistics":{},
                     "activities":[{{string.Join(',', Enumerable.Repeat(one, count))}}]}
                    """
                ),
                Cancellation
            );
    }

    [Fact]
    public async Task An_activity_ends_once_and_tells_its_run()
    {
        var run = await AddAsync(Running);
        var url = (await PostAsync(run, Inbound)).Headers.Location!;
        var etag = (await Client.GetJsonAsync(run)).Text("@odata.etag");

        (await PatchAsync(url, "{}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await PatchAsync(url, """{"status":"unknownFutureValue"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Client.GetJsonAsync(run)).Text("@odata.etag").ShouldBe(etag);
        using var done = await PatchAsync(url, """{"status":"completedWithErrors","displayName":"b"}""");
        done.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await done.JsonAsync()).Text("displayName").ShouldBe("b");
        (await Client.GetJsonAsync(run)).Text("@odata.etag").ShouldNotBe(etag);
        (await PatchAsync(url, """{"status":"completed"}""")).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        using var otherType = await PatchAsync(
            url,
            """{"@odata.type":"#microsoft.graph.industryData.outboundFlowActivity"}"""
        );
        otherType.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await otherType.JsonAsync()).GetProperty("error").Text("target").ShouldBe("@odata.type");
        (await PatchAsync(url, """{"displayName":null}""")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await PatchAsync(url, """{"blockingError":{"code":"x"}}""", ("If-Match", etag))).StatusCode.ShouldBe(
            HttpStatusCode.PreconditionFailed
        );
        (await PatchAsync(url, """{"blockingError":{"code":"x"}}""", ("Prefer", "return=minimal"))).StatusCode.ShouldBe(
            HttpStatusCode.NoContent
        );
    }

    [Fact]
    public async Task A_run_that_is_over_takes_no_more_activities()
    {
        var run = await AddAsync(Bodies.Run);
        using var response = await PostAsync(run, Inbound);

        response.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await response.JsonAsync()).Cause().ShouldBe("runAlreadyTerminal");
    }

    [Fact]
    public async Task What_does_not_exist_is_404_for_a_stranger_too()
    {
        var run = await AddAsync(Running);
        var url = (await PostAsync(run, Inbound)).Headers.Location!;
        using var stranger = Service.Authorized(Tokens.Make(tid: Tokens.OtherTenant.ToString()));
        foreach (var client in (HttpClient[])[Client, stranger])
        {
            var (theRun, theActivity) =
                client == Client ? (new Uri(run, "x"), new Uri($"{run}/activities/x")) : (run, url);
            (await client.GetAsync(theActivity, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await client.GetAsync(new Uri($"{theRun}/activities"), Cancellation)).StatusCode.ShouldBe(
                HttpStatusCode.NotFound
            );
            (await client.GetAsync(new Uri($"{theRun}/activities/$count"), Cancellation)).StatusCode.ShouldBe(
                HttpStatusCode.NotFound
            );
            (await client.GetAsync(new Uri($"{theRun}/activities/$ref"), Cancellation)).StatusCode.ShouldBe(
                HttpStatusCode.NotFound
            );
            (
                await client.PostAsync(new Uri($"{theRun}/activities"), Bodies.Json(Inbound), Cancellation)
            ).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await client.PatchAsync(theActivity, Bodies.Json("{}"), Cancellation)).StatusCode.ShouldBe(
                HttpStatusCode.NotFound
            );
        }

        (await Client.DeleteAsync(run, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Database.ReadAsync<long>("SELECT count(*) FROM run_activities")).ShouldBe(0);
    }

    private static async Task<IEnumerable<string>> TargetsAsync(HttpResponseMessage response) =>
        (await response.JsonAsync())
            .GetProperty("error")
            .GetProperty("details")
            .EnumerateArray()
            .Select(d => d.Text("target"))
            .Order(StringComparer.Ordinal);

    private Task<HttpResponseMessage> PostAsync(Uri run, string body) =>
        Client.PostAsync(new Uri($"{run}/activities"), Bodies.Json(body), Cancellation);

    private Task<HttpResponseMessage> PatchAsync(Uri url, string body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Patch, url) { Content = Bodies.Json(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return Client.SendAsync(request, Cancellation);
    }
}
