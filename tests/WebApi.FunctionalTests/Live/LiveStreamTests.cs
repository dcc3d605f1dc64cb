using System.Diagnostics;
using System.Net;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Live;

[Collection(typeof(SerialTests))]
public sealed class LiveStreamTests(TestDatabase database) : FunctionalTest(database)
{
    private static readonly TimeSpan _ofOtherInstance = TimeSpan.FromSeconds(1.3);

    [Fact]
    public async Task Stream_begins_with_ready_and_is_neither_stored_nor_buffered()
    {
        await AddAsync(Bodies.RunAt(1));
        using var response = await LiveStream.SendAsync(Client);
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));

        (await body.ReadLineAsync(Cancellation)).ShouldBe("event: ready");
        (await body.ReadLineAsync(Cancellation))!.ShouldStartWith("id: ");
        (await body.ReadLineAsync(Cancellation)).ShouldBe("data: {}");
        (await body.ReadLineAsync(Cancellation)).ShouldBe("");
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/event-stream");
        response.Content.Headers.ContentLength.ShouldBeNull();
        response.Headers.CacheControl!.NoCache.ShouldBeTrue();
        response.Headers.CacheControl.NoStore.ShouldBeTrue();
        response.Headers.GetValues("X-Accel-Buffering").ShouldBe(["no"]);
        response.Headers.Contains("request-id").ShouldBeTrue();
    }

    [Fact]
    public async Task Stream_without_changes_sends_a_ping_without_an_id_and_goes_on()
    {
        using var stream = await LiveStream.OpenAsync(Client);
        var (begin, id) = (Stopwatch.GetTimestamp(), stream.LastId);

        var ping = await stream.ReadAsync();

        ping!.Name.ShouldBe("ping");
        ping.Id.ShouldBeNull();
        stream.LastId.ShouldBe(id);
        Stopwatch.GetElapsedTime(begin).TotalSeconds.ShouldBeInRange(13, 25);
        await stream.ReadToRunAsync(IdOf(await AddAsync(Bodies.RunAt(1))));
    }

    [Fact]
    public async Task Added_changed_and_deleted_run_is_sent_as_in_a_page_of_changes()
    {
        var page = await Client.GetJsonAsync(new Uri("process/runs/delta?$deltatoken=latest", UriKind.Relative));
        using var stream = await LiveStream.OpenAsync(Client);

        var run = await AddAsync(Bodies.RunAt(1));
        var (_, added) = await stream.ReadToRunAsync(IdOf(run));
        (await EntryAsync(page, run)).ShouldBe(added.GetRawText());

        using var renaming = await Client.PatchAsync(run, Bodies.Json("""{"displayName":"New"}"""), Cancellation);
        renaming.StatusCode.ShouldBe(HttpStatusCode.OK);
        var (_, changed) = await stream.ReadToRunAsync(IdOf(run));
        changed.Text("displayName").ShouldBe("New");
        (await EntryAsync(page, run)).ShouldBe(changed.GetRawText());

        using var deletion = await Client.DeleteAsync(run, Cancellation);
        deletion.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var (_, removed) = await stream.ReadToRunAsync(IdOf(run));
        removed.GetProperty("@removed").Text("reason").ShouldBe("deleted");
        (await EntryAsync(page, run)).ShouldBe(removed.GetRawText());
    }

    [Fact]
    public async Task Stream_honours_select_and_filter()
    {
        using var stream = await LiveStream.OpenAsync(Client, "?$filter=status eq 'failed'&$select=status,statistics");

        var (_, unselected) = await stream.ReadToRunAsync(IdOf(await AddAsync(Bodies.RunAt(1))));
        var (_, selected) = await stream.ReadToRunAsync(IdOf(await AddAsync(FailedRun)));

        unselected.GetProperty("@removed").Text("reason").ShouldBe("changed");
        selected.EnumerateObject().Select(p => p.Name).ShouldBe(["@odata.etag", "id", "status", "statistics"]);
        selected.GetProperty("statistics").GetProperty("a").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Change_is_sent_once_while_other_transactions_are_open()
    {
        Assert.SkipWhen(Database.IsDistributed, "The clock of a tenant lets no transaction overtake another.");
        await using var transaction = await Database.LockAsync("SELECT pg_current_xact_id()");
        using var stream = await LiveStream.OpenAsync(Client);

        var first = await AddAsync(Bodies.RunAt(1));
        await stream.ReadToRunAsync(IdOf(first));
        var second = await AddAsync(Bodies.RunAt(2));
        var (next, _) = await stream.ReadToRunAsync(IdOf(second));

        // A page of changes returns the first run again, because the other transaction may still commit before it.
        next.Entries.Select(e => e.Text("id")).ShouldBe([IdOf(second)]);
        var page = await Client.GetJsonAsync(
            new Uri($"process/runs/delta?$deltatoken={stream.LastId}", UriKind.Relative)
        );
        page.GetProperty("value").GetArrayLength().ShouldBe(2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_continues_after_the_last_event_without_a_gap(bool byHeader)
    {
        string token;
        using (var stream = await LiveStream.OpenAsync(Client))
        {
            await stream.ReadToRunAsync(IdOf(await AddAsync(Bodies.RunAt(1))));
            token = stream.LastId!;
        }

        var missed = await AddAsync(Bodies.RunAt(2));
        using var again = byHeader
            ? await LiveStream.OpenAsync(Client, "?$deltatoken=latest", lastId: token)
            : await LiveStream.OpenAsync(Client, $"?$deltatoken={token}");
        again.LastId.ShouldBe(token);
        await again.ReadToRunAsync(IdOf(missed));
        await again.ReadToRunAsync(IdOf(await AddAsync(Bodies.RunAt(3))));
    }

    [Fact]
    public async Task Stream_begins_at_a_delta_link_and_a_delta_query_at_an_event()
    {
        var page = await Client.GetJsonAsync(new Uri("process/runs/delta?$select=status", UriKind.Relative));
        var run = await AddAsync(Bodies.RunAt(1));

        using var stream = await LiveStream.OpenAsync(Client, new Uri(page.Text("@odata.deltaLink")).Query);
        await stream.ReadToRunAsync(IdOf(run));
        var later = await AddAsync(Bodies.RunAt(2));
        var next = await Client.GetJsonAsync(
            new Uri($"process/runs/delta?$select=status&$deltatoken={stream.LastId}", UriKind.Relative)
        );

        next.GetProperty("value").EnumerateArray().Select(e => e.Text("id")).ShouldContain(IdOf(later));
    }

    [Fact]
    public async Task Many_changes_at_once_are_only_counted()
    {
        using var stream = await LiveStream.OpenAsync(Client);

        await InsertAsync(201);
        var many = await stream.ReadToAsync("many");
        var run = await AddAsync(Bodies.RunAt(1));
        await stream.ReadToRunAsync(IdOf(run));

        many.Json.GetProperty("count").GetInt32().ShouldBe(201);
        many.Id.ShouldNotBeNull();
        using var again = await LiveStream.OpenAsync(Client, lastId: many.Id);
        await again.ReadToRunAsync(IdOf(run));
    }

    [Fact]
    public async Task Two_hundred_changes_at_once_are_sent()
    {
        using var stream = await LiveStream.OpenAsync(Client);

        await InsertAsync(200);

        (await stream.ReadToAsync("runs")).Entries.Count().ShouldBe(200);
    }

    [Fact]
    public async Task Large_changes_are_only_counted()
    {
        using var stream = await LiveStream.OpenAsync(Client);

        await InsertAsync(10, $$"""{"code":"x","message":"{{new string('x', 60_000)}}"}""");

        (await stream.ReadToAsync("many")).Json.GetProperty("count").GetInt32().ShouldBe(10);
    }

    [Fact]
    public async Task Stored_JSON_with_line_breaks_stays_in_one_line()
    {
        using var stream = await LiveStream.OpenAsync(Client);

        await InsertAsync(1, "{\n\"code\":\"x\",\r\n\"message\":\"a\\nb\"\n}");

        var entry = (await stream.ReadToAsync("runs")).Entries.Single();
        entry.GetProperty("blockingError").Text("message").ShouldBe("a\nb");
    }

    [Theory]
    [InlineData("?$top=10", null, "unsupportedQueryOption")]
    [InlineData("?skiptoken=AAAA", null, "unsupportedQueryOption")]
    [InlineData("?$orderby=status", null, "unsupportedQueryOption")]
    [InlineData("?$filter=nonsense", null, null)]
    [InlineData("?$deltatoken=AAAA", null, "invalidDeltaToken")]
    [InlineData("", "AAAA", "invalidDeltaToken")]
    public async Task Invalid_request_is_refused_as_JSON(string query, string? lastId, string? code)
    {
        using var response = await LiveStream.SendAsync(Client, query, lastId);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var body = await response.JsonAsync();
        if (code is not null)
        {
            body.Cause().ShouldBe(code);
        }
    }

    [Fact]
    public async Task Token_of_other_options_or_of_a_page_is_refused()
    {
        await AddAsync(Bodies.RunAt(1));
        await AddAsync(Bodies.RunAt(2));
        var page = await Client.GetJsonAsync(new Uri("process/runs/delta?$top=1", UriKind.Relative));
        var ofPage = new Uri(page.Text("@odata.nextLink")).Query.Split("$skiptoken=")[1];
        using var stream = await LiveStream.OpenAsync(Client);

        using var other = await LiveStream.SendAsync(Client, "?$select=status", stream.LastId);
        using var paged = await LiveStream.SendAsync(Client, lastId: ofPage);

        other.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        paged.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Token_that_has_become_invalid_ends_the_stream_and_is_refused_later()
    {
        Assert.SkipWhen(Database.IsDistributed, "A distributed database records no epochs.");
        using var stream = await LiveStream.OpenAsync(Client);

        await TestDatabase.ExecuteAsync(Database.ConnectionString, "UPDATE database_epochs SET id = gen_random_uuid()");
        (await stream.ReadAsync())!.Name.ShouldBe("gone");
        (await stream.ReadAsync()).ShouldBeNull();

        using var response = await LiveStream.SendAsync(Client, lastId: stream.LastId);
        response.StatusCode.ShouldBe(HttpStatusCode.Gone);
        response.Headers.Location!.AbsolutePath.ShouldEndWith("process/runs/delta");
        using var fresh = await LiveStream.OpenAsync(Client);
        await fresh.ReadToRunAsync(IdOf(await AddAsync(Bodies.RunAt(1))));
    }

    [Theory]
    [InlineData("text/event-stream", "text/event-stream")]
    [InlineData("text/event-stream, */*", "text/event-stream")]
    [InlineData("application/json;q=0.5, text/event-stream", "text/event-stream")]
    [InlineData("application/json, text/event-stream", "application/json")]
    [InlineData("application/json, text/event-stream;q=0.5", "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("text/*, application/json", "application/json")]
    public async Task Accept_selects_a_stream_or_a_page(string accept, string mediaType)
    {
        using var response = await LiveStream.SendAsync(Client, accept: accept);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe(mediaType);
    }

    [Fact]
    public async Task Other_paths_have_no_stream()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "process/runs");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await Client.SendAsync(request, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.NotAcceptable);
    }

    [Fact]
    public async Task Head_returns_the_headers_of_a_stream_and_ends()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, "process/runs/delta");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await Client.SendAsync(request, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
    }

    [Fact]
    public async Task Batch_refuses_a_stream_and_says_so()
    {
        var batch = """
            { "requests": [ { "id": "1", "method": "GET", "url": "/process/runs/delta",
                              "headers": { "Accept": "text/event-stream" } } ] }
            """;
        using var response = await Client.PostAsync("$batch", Bodies.Json(batch), Cancellation);
        var item = (await response.JsonAsync()).GetProperty("responses")[0];

        item.GetProperty("status").GetInt32().ShouldBe(400);
        item.GetProperty("body").Cause().ShouldBe("streamInBatch");
    }

    [Fact]
    public async Task Streams_of_another_tenant_have_no_changes_of_this_one()
    {
        using var theirs = Service.Authorized(Tokens.Make(tid: $"{Tokens.OtherTenant}"));
        using var stream = await LiveStream.OpenAsync(theirs);
        using var own = await LiveStream.OpenAsync(Client);

        await own.ReadToRunAsync(IdOf(await AddAsync(Bodies.RunAt(1))));
        var last = await AddAsync(Bodies.RunAt(2), theirs);
        var (first, _) = await stream.ReadToRunAsync(IdOf(last));

        first.Entries.Select(e => e.Text("id")).ShouldBe([IdOf(last)]);
    }

    [Fact]
    public async Task Change_of_another_instance_is_sent_soon()
    {
        await using var other = await ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", Database.ConnectionString)
        );
        using var stream = await LiveStream.OpenAsync(Client);
        await stream.ReadToRunAsync(IdOf(await AddAsync(Bodies.RunAt(1), other.Client)));

        var changes = 1;
        var shortest = await Repeated.ShortestAsync(
            _ofOtherInstance,
            async () =>
            {
                var begin = Stopwatch.GetTimestamp();
                await stream.ReadToRunAsync(IdOf(await AddAsync(Bodies.RunAt(++changes), other.Client)));
                return Stopwatch.GetElapsedTime(begin);
            },
            maxTimes: 20
        );

        shortest.ShouldBeLessThan(_ofOtherInstance);
    }

    private static string FailedRun =>
        """
            {"displayName":"x","startDateTime":"2026-11-22T02:00:00Z","endDateTime":"2026-11-22T02:00:01Z",
             "status":"failed","statistics":{"a":1}}
            """;

    private static string IdOf(Uri run) => run.Segments[^1];

    // The entry of a run in the changes since a page.
    private async Task<string> EntryAsync(JsonElement page, Uri run) =>
        (await Client.GetJsonAsync(new Uri(page.Text("@odata.deltaLink"))))
            .GetProperty("value")
            .EnumerateArray()
            .Single(e => e.Text("id") == IdOf(run))
            .GetRawText();

    // Inserts runs in one transaction.
    private Task InsertAsync(int count, string? blockingError = null) =>
        TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            $"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, blocking_error, created_date_time,
                last_modified_date_time, version, statistics, change_number)
            SELECT '{Tokens.Tenant}', gen_random_uuid(), 'n', now(), 1,
                {(blockingError is null ? "NULL" : $"'{blockingError}'")}, now(), now(), 1, '{"{}"}', change.number
            FROM generate_series(1, {count}), {Database.NextChange(Tokens.Tenant)}
            """
        );
}
