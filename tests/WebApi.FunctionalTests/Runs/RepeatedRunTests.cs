using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Runs;

public sealed class RepeatedRunTests(TestDatabase database) : FunctionalTest(database)
{
    private static readonly (string, string) _key = ("Idempotency-Key", "job 7/2026-11-22");

    [Fact]
    public async Task A_repeat_gets_the_first_answer()
    {
        using var first = await PostAsync("beta/process/runs/$ref", Bodies.Run, _key);
        using var repeat = await PostAsync("beta/process/runs/$ref", Bodies.Run, _key);

        repeat.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        repeat.Headers.Location.ShouldBe(first.Headers.Location);
        repeat.Headers.GetValues("Repeatability-Result").ShouldBe(["accepted"]);
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_repeat_is_answered_with_the_first_status_and_across_a_restart()
    {
        (string, string)[] key =
        [
            ("Repeatability-Request-ID", Guid.NewGuid().ToString()),
            ("Repeatability-First-Sent", DateTimeOffset.UtcNow.AddMinutes(-1).ToString("r")),
        ];
        using var first = await PostAsync("process/runs", Bodies.Run, key);
        first.StatusCode.ShouldBe(HttpStatusCode.Created);

        await using var restarted = await RunningService.StartAsync(Database.ConnectionString);
        using var request = Request("process/runs", Bodies.Run, [.. key, ("Prefer", "return=minimal")]);
        using var repeat = await restarted.Client.SendAsync(request, Cancellation);
        repeat.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await repeat.JsonAsync()).Text("id").ShouldBe((await first.JsonAsync()).Text("id"));
    }

    [Fact]
    public async Task Repeat_with_another_preference_does_not_claim_that_it_is_applied()
    {
        using var first = await PostAsync("process/runs", Bodies.Run, _key);
        using var request = Request("process/runs", Bodies.Run, [_key, ("Prefer", "return=minimal")]);
        using var repeat = await Client.SendAsync(request, Cancellation);
        using var sameRequest = Request("process/runs", Bodies.Run, [_key, ("Prefer", "return=representation")]);
        using var same = await Client.SendAsync(sameRequest, Cancellation);

        repeat.StatusCode.ShouldBe(HttpStatusCode.Created);
        repeat.Headers.Contains("Preference-Applied").ShouldBeFalse();
        same.Headers.GetValues("Preference-Applied").ShouldBe(["return=representation"]);
    }

    [Fact]
    public async Task Many_at_once_add_one_run()
    {
        for (var round = 0; round < 20; round++)
        {
            var key = ("Idempotency-Key", $"round {round}");
            var answers = await Task.WhenAll(
                Enumerable.Range(0, 32).Select(_ => PostAsync("process/runs/$ref", Bodies.Run, key))
            );
            answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.NoContent);
            answers.Select(a => a.Headers.Location).Distinct().Count().ShouldBe(1);
        }

        (await CountAsync()).ShouldBe(20);
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        await PostAsync("process/runs/$ref", Bodies.Run, _key);
        using var other = await PostAsync("process/runs/$ref", Bodies.Run + " ", _key);

        other.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await other.JsonAsync()).Cause().ShouldBe("idempotencyKeyReused");
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_refused_body_does_not_use_the_key_up()
    {
        (await PostAsync("process/runs/$ref", "{}", _key)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync("process/runs/$ref", Bodies.Run, _key)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_key_belongs_to_its_tenant_and_ends_after_a_day()
    {
        using var first = await PostAsync("process/runs/$ref", Bodies.Run, _key);
        using var neighbor = Service.Authorized(Tokens.Make(tid: Tokens.OtherTenant.ToString()));
        using var request = Request("process/runs/$ref", Bodies.Run, [_key]);
        using var theirs = await neighbor.SendAsync(request, Cancellation);
        theirs.Headers.Location.ShouldNotBe(first.Headers.Location);

        await Database.ReadAsync<long>(
            "WITH aged AS (UPDATE idempotency_records SET created_date_time = now() - interval '25 hours' "
                + "RETURNING 1) SELECT count(*) FROM aged"
        );
        using var nextDay = await PostAsync("process/runs/$ref", Bodies.Run, _key);
        nextDay.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        nextDay.Headers.Location.ShouldNotBe(first.Headers.Location);
    }

    [Fact]
    public async Task A_run_that_was_deleted_is_not_added_again()
    {
        using var first = await PostAsync("process/runs", Bodies.Run, _key);
        await Client.DeleteAsync(first.Headers.Location!, Cancellation);
        using var repeat = await PostAsync("process/runs", Bodies.Run, _key);

        repeat.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        repeat.Headers.Location.ShouldBe(first.Headers.Location);
        (await CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_start_that_is_repeated_starts_one_run_and_counts_once()
    {
        var repeats = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => PostAsync("process/runs/start", "{}", _key))
        );
        repeats.ShouldAllBe(r => r.StatusCode == HttpStatusCode.Accepted);
        repeats.ShouldAllBe(r => r.Headers.GetValues("Repeatability-Result").Single() == "accepted");
        repeats.Select(r => r.Headers.Location).Distinct().Count().ShouldBe(1);
        for (var i = 0; i < 4; i++)
        {
            (await PostAsync("process/runs/start", "{}")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }

        (await PostAsync("process/runs/start", "{}", ("Idempotency-Key", "another"))).StatusCode.ShouldBe(
            HttpStatusCode.TooManyRequests
        );
        (await PostAsync("process/runs/start", "{}", _key)).Headers.Location.ShouldBe(repeats[0].Headers.Location);
        (await PostAsync("process/runs", Bodies.Run, _key)).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await CountAsync()).ShouldBe(5);
    }

    [Fact]
    public async Task An_activity_that_is_repeated_is_added_once_to_its_run()
    {
        const string activity = """
            {"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"a",
             "status":"inProgress"}
            """;
        var run = (await AddAsync(Bodies.RunAt(0))).AbsolutePath[1..];
        var repeats = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => PostAsync($"{run}/activities", activity, _key))
        );
        repeats.ShouldAllBe(r => r.StatusCode == HttpStatusCode.Created);
        repeats.ShouldAllBe(r => r.Headers.GetValues("Repeatability-Result").Single() == "accepted");
        repeats.Select(r => r.Headers.Location).Distinct().Count().ShouldBe(1);
        (
            await PostAsync($"{run}/activities", activity.Replace("\"a\"", "\"b\"", StringComparison.Ordinal), _key)
        ).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);

        using var end = await Client.PatchAsync(
            run,
            Bodies.Json("""{"status":"completed","endDateTime":"2026-12-01T00:00:00Z"}"""),
            Cancellation
        );
        end.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await PostAsync($"{run}/activities", activity, _key)).Headers.Location.ShouldBe(repeats[0].Headers.Location);
        (await Client.GetStringAsync($"{run}/activities/$count", Cancellation)).ShouldBe("1");

        var other = (await AddAsync(Bodies.RunAt(0))).AbsolutePath[1..];
        (await PostAsync($"{other}/activities", activity, _key)).Headers.Location!.AbsolutePath.ShouldStartWith(
            $"/{other}/activities/"
        );
    }

    [Theory]
    [InlineData("Idempotency-Key", "")]
    [InlineData("Repeatability-Request-ID", "7")]
    [InlineData("Repeatability-Request-ID", "0b6f3a52-9f5e-4c8e-8f6e-2f3c7f0c9a11")]
    [InlineData("Repeatability-First-Sent", "Mon, 23 Nov 2026 12:00:00 GMT")]
    public async Task A_key_that_is_none_is_refused(string name, string value)
    {
        using var response = await PostAsync("process/runs/$ref", Bodies.Run, (name, value));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync()).Cause().ShouldBe("invalidIdempotencyKey");
        (
            await PostAsync("process/runs/$ref", Bodies.Run, ("Idempotency-Key", new string('k', 256)))
        ).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (
            await PostAsync("process/runs/$ref", Bodies.Run, ("Idempotency-Key", new string('k', 255)))
        ).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task What_was_first_sent_more_than_a_day_ago_is_rejected()
    {
        using var response = await PostAsync(
            "process/runs/$ref",
            Bodies.Run,
            ("Repeatability-Request-ID", Guid.NewGuid().ToString()),
            ("Repeatability-First-Sent", DateTimeOffset.UtcNow.AddHours(-25).ToString("r"))
        );

        response.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        response.Headers.GetValues("Repeatability-Result").ShouldBe(["rejected"]);
        (await CountAsync()).ShouldBe(0);
    }

    private static HttpRequestMessage Request(string path, string body, (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Bodies.Json(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private Task<HttpResponseMessage> PostAsync(
        string path,
        string body,
        params (string Name, string Value)[] headers
    ) => Client.SendAsync(Request(path, body, headers), Cancellation);

    private Task<long> CountAsync() => Database.ReadAsync<long>("SELECT count(*) FROM runs");
}
