using System.Globalization;
using System.Net;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Runs;

public sealed class ChangeRunTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Running = """
        {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","endDateTime":"2026-01-01T09:00:00Z",
         "status":"running","statistics":{"x":1}}
        """;
    private const string Finish = """{"status":"completed","endDateTime":"2026-01-01T01:00:00Z"}""";

    [Fact]
    public async Task Only_what_is_sent_changes()
    {
        var url = await AddAsync(Running);
        var before = await Client.GetJsonAsync(url);
        using var response = await PatchAsync(
            url,
            """{"@odata.type":"#microsoft.graph.industryData.run","statistics":{"y":1.50},"id":"x"}"""
        );

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var after = await response.JsonAsync();
        after.GetProperty("statistics").GetRawText().ShouldBe("""{"y":1.50}""");
        after.Text("@odata.etag").ShouldBe(response.Headers.ETag!.ToString());
        after.Text("@odata.etag").ShouldNotBe(before.Text("@odata.etag"));
        foreach (
            var member in (string[])["id", "displayName", "startDateTime", "endDateTime", "status", "createdDateTime"]
        )
        {
            after.Text(member).ShouldBe(before.Text(member));
        }

        (await Client.GetJsonAsync(url)).GetRawText().ShouldBe(after.GetRawText());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"status":"unknownFutureValue"}""")]
    [InlineData("""{"displayName":"a","statistics":{"x":1},"startDateTime":"2026-01-01T01:00:00+01:00"}""")]
    public async Task What_changes_nothing_keeps_the_etag(string body)
    {
        var url = await AddAsync(Running);
        var before = await Client.GetJsonAsync(url);
        using var response = await PatchAsync(url, body);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.JsonAsync()).GetRawText().ShouldBe(before.GetRawText());
    }

    [Fact]
    public async Task What_says_the_same_in_other_words_keeps_the_etag()
    {
        var url = await AddAsync(
            """
            {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"running",
             "statistics":{"x":1e99999999999,"y":1},"blockingError":{"code":"x","message":"é"}}
            """
        );
        var before = await Client.GetJsonAsync(url);
        foreach (
            var body in (string[])
                [
                    "{}",
                    """{"statistics":{"x":1e99999999999,"y":1}}""",
                    """{"blockingError":{"message":"\u00e9","code":"x"}}""",
                ]
        )
        {
            using var response = await PatchAsync(url, body);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            response.Headers.ETag!.ToString().ShouldBe(before.Text("@odata.etag"));
        }
    }

    /// <summary>
    /// Many changes share a commit. Each response shows the run as its own change left it. A client that received the
    /// ETag of a later change could overwrite that change without having read it.
    /// </summary>
    [Fact]
    public async Task Each_of_many_changes_at_once_is_answered_with_what_it_made()
    {
        var url = await AddAsync(Running);
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 60).Select(i => PatchAsync(url, $$"""{"displayName":"name {{i}}"}"""))
        );

        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.OK);
        answers
            .Select(a => a.Headers.ETag!.ToString())
            .ShouldBe(Enumerable.Range(2, 60).Select(v => $"W/\"{v}\""), ignoreOrder: true);
        var bodies = await Task.WhenAll(answers.Select(a => a.JsonAsync()));
        bodies.Select(b => b.Text("displayName")).ShouldBe(Enumerable.Range(0, 60).Select(i => $"name {i}"));
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("completed")]
    [InlineData("completedWithErrors")]
    [InlineData("completedWithWarnings")]
    public async Task A_running_run_may_end_in_each_way_and_then_stays_so(string status)
    {
        var url = await AddAsync(Running);
        (await StatusAsync(url, $$"""{"status":"{{status}}"}""")).ShouldBe(HttpStatusCode.BadRequest);
        (await StatusAsync(url, $$"""{"status":"{{status}}","endDateTime":null}""")).ShouldBe(
            HttpStatusCode.BadRequest
        );
        (await StatusAsync(url, $$"""{"status":"{{status}}","endDateTime":"2025-01-01T00:00:00Z"}""")).ShouldBe(
            HttpStatusCode.BadRequest
        );
        (await StatusAsync(url, $$"""{"status":"{{status}}","endDateTime":"2026-01-01T01:00:00Z"}""")).ShouldBe(
            HttpStatusCode.OK
        );

        foreach (
            var other in (string[])["running", "failed", "completed", "completedWithErrors", "completedWithWarnings"]
        )
        {
            using var response = await PatchAsync(url, $$"""{"status":"{{other}}"}""");
            response.StatusCode.ShouldBe(other == status ? HttpStatusCode.OK : HttpStatusCode.Conflict);
            if (other != status)
            {
                var error = (await response.JsonAsync()).GetProperty("error");
                error.Text("code").ShouldBe("conflict");
                error.Text("message").ShouldContain(status);
                error.Text("target").ShouldBe("status");
            }
        }

        (await StatusAsync(url, """{"endDateTime":"2026-01-01T02:00:00Z"}""")).ShouldBe(HttpStatusCode.Conflict);
        (await StatusAsync(url, """{"endDateTime":null}""")).ShouldBe(HttpStatusCode.Conflict);
        (await StatusAsync(url, """{"startDateTime":"2025-01-01T02:00:00Z"}""")).ShouldBe(HttpStatusCode.Conflict);
        (
            await StatusAsync(
                url,
                """{"displayName":"b","statistics":{},"endDateTime":"2026-01-01T01:00:00.0000009Z"}"""
            )
        ).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(
        """{"displayName":" ","startDateTime":null,"colour":1,"statistics":{"inboundTotals":{"errors":-1}}}""",
        new[] { "colour", "displayName", "startDateTime", "statistics/inboundTotals/errors" }
    )]
    [InlineData("""{"endDateTime":"2025-01-01T00:00:00Z"}""", new[] { "endDateTime" })]
    [InlineData("""{"status":null,"statistics":null}""", new[] { "statistics", "status" })]
    [InlineData("""{"@odata.id":"runs/x"}""", new[] { "@odata.id" })]
    public async Task Faults_are_named_and_change_nothing(string body, string[] targets)
    {
        var url = await AddAsync(Running);
        var before = await Client.GetJsonAsync(url);
        using var response = await PatchAsync(url, body);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync())
            .GetProperty("error")
            .GetProperty("details")
            .EnumerateArray()
            .Select(d => d.Text("target"))
            .Order(StringComparer.Ordinal)
            .ShouldBe(targets);
        (await Client.GetJsonAsync(url)).GetRawText().ShouldBe(before.GetRawText());
    }

    [Fact]
    public async Task A_change_answers_without_a_body_when_none_is_wanted()
    {
        var url = await AddAsync(Running);
        using var response = await PatchAsync(url, Finish, ("Prefer", "return=minimal"));

        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        response.Headers.GetValues("Preference-Applied").ShouldBe(["return=minimal"]);
        (await response.Content.ReadAsByteArrayAsync(Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task If_match_is_judged_before_everything_that_the_run_says()
    {
        var url = await AddAsync(Running);
        var etag = (await Client.GetJsonAsync(url)).Text("@odata.etag");
        (await StatusAsync(url, Finish, ("If-Match", etag))).ShouldBe(HttpStatusCode.OK);

        using var stale = await PatchAsync(url, """{"status":"failed"}""", ("If-Match", etag));
        stale.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await stale.JsonAsync()).Cause().ShouldBe("etagMismatch");
        (await StatusAsync(url, """{"status":"failed"}""", ("If-Match", "*"))).ShouldBe(HttpStatusCode.Conflict);
        (await StatusAsync(url, "{}", ("If-Match", "\"x\", W/\"2\""))).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(url, "{}", ("If-Match", "2"))).ShouldBe(HttpStatusCode.BadRequest);
        (await StatusAsync(url, "{}", ("If-None-Match", "*"))).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_hundred_reporters_that_finish_one_run_agree()
    {
        string[] ends = ["failed", "completed", "completedWithErrors", "completedWithWarnings"];
        var url = await AddAsync(Running);
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 100)
                .Select(i => PatchAsync(url, $$"""{"status":"{{ends[i % 4]}}","endDateTime":"2026-01-01T01:00:00Z"}"""))
        );

        answers.Count(a => a.StatusCode == HttpStatusCode.OK).ShouldBe(25);
        answers.Count(a => a.StatusCode == HttpStatusCode.Conflict).ShouldBe(75);
        answers
            .Where(a => a.StatusCode == HttpStatusCode.OK)
            .Select(a => a.Headers.ETag!.ToString())
            .Distinct()
            .Count()
            .ShouldBe(1);
    }

    [Fact]
    public async Task Of_a_hundred_reporters_with_the_same_etag_one_wins()
    {
        string[] ends = ["failed", "completed", "completedWithErrors", "completedWithWarnings"];
        var url = await AddAsync(Running);
        var etag = (await Client.GetJsonAsync(url)).Text("@odata.etag");
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 100)
                .Select(i =>
                    PatchAsync(
                        url,
                        $$"""{"status":"{{ends[i % 4]}}","endDateTime":"2026-01-01T01:00:00Z"}""",
                        ("If-Match", etag)
                    )
                )
        );

        answers.Count(a => a.StatusCode == HttpStatusCode.OK).ShouldBe(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.PreconditionFailed).ShouldBe(99);
    }

    [Fact]
    public async Task A_deleted_run_is_gone()
    {
        var url = await AddAsync(Running);
        (await DeleteAsync(url, "W/\"7\"")).ShouldBe(HttpStatusCode.PreconditionFailed);
        (await DeleteAsync(url, "W/\"1\"")).ShouldBe(HttpStatusCode.NoContent);
        (await DeleteAsync(url, null)).ShouldBe(HttpStatusCode.NotFound);
        (await Client.GetAsync(url, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await StatusAsync(url, Finish)).ShouldBe(HttpStatusCode.NotFound);

        async Task<HttpStatusCode> DeleteAsync(Uri run, string? etag)
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, run);
            if (etag is not null)
            {
                request.Headers.Add("If-Match", etag);
            }

            using var response = await Client.SendAsync(request, Cancellation);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Another_tenants_run_can_be_neither_changed_nor_deleted()
    {
        var url = await AddAsync(Running);
        using var stranger = Service.Authorized(Tokens.Make(tid: Tokens.OtherTenant.ToString()));

        (await stranger.PatchAsync(url, Bodies.Json(Finish), Cancellation)).StatusCode.ShouldBe(
            HttpStatusCode.NotFound
        );
        (await stranger.DeleteAsync(url, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await Client.GetJsonAsync(url)).Text("status").ShouldBe("running");
    }

    [Fact]
    public async Task Start_makes_a_running_run_five_times_in_twelve_hours()
    {
        string[] paths = ["process/runs/start", "beta/external/industryData/runs/microsoft.graph.industryData.start"];
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(i => Client.PostAsync(paths[i % 2], i % 3 == 0 ? Bodies.Json("{}") : null, Cancellation))
        );

        var accepted = answers.Where(a => a.StatusCode == HttpStatusCode.Accepted).ToArray();
        accepted.Length.ShouldBe(5);
        foreach (var refused in answers.Except(accepted))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            refused.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(
                TimeSpan.FromHours(11.9),
                TimeSpan.FromHours(12.1)
            );
        }

        foreach (var answer in accepted)
        {
            (await answer.Content.ReadAsByteArrayAsync(Cancellation)).ShouldBeEmpty();
            var run = await Client.GetJsonAsync(answer.Headers.Location!);
            run.Text("status").ShouldBe("running");
            run.GetProperty("endDateTime").ValueKind.ShouldBe(JsonValueKind.Null);
            var started = run.GetProperty("startDateTime").GetDateTime().ToUniversalTime();
            run.Text("displayName")
                .ShouldBe($"Run {started.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC");
        }

        // Deleting a run does not reset the limit. The limit does not affect another tenant.
        (await Client.DeleteAsync(accepted[0].Headers.Location!, Cancellation)).StatusCode.ShouldBe(
            HttpStatusCode.NoContent
        );
        (await Client.PostAsync(paths[0], null, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        using var neighbor = Service.Authorized(
            Tokens.Make(["IndustryData-Run.Start"], tid: Tokens.OtherTenant.ToString())
        );
        (await neighbor.PostAsync(paths[0], null, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await neighbor.PostAsync(paths[0], Bodies.Json("""{"name":"x"}"""), Cancellation)).StatusCode.ShouldBe(
            HttpStatusCode.BadRequest
        );
    }

    private async Task<HttpResponseMessage> PatchAsync(
        Uri url,
        string body,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, url) { Content = Bodies.Json(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request, Cancellation);
    }

    private async Task<HttpStatusCode> StatusAsync(Uri url, string body, params (string Name, string Value)[] headers)
    {
        using var response = await PatchAsync(url, body, headers);
        return response.StatusCode;
    }
}
