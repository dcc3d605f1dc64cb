using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Runs;

public sealed class AddRunTests(TestDatabase database) : FunctionalTest(database)
{
    public static TheoryData<string, string, int, string[]> BadRuns()
    {
        var data = new TheoryData<string, string, int, string[]>();
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Data", "bad-runs.ndjson")))
        {
            using var document = JsonDocument.Parse(line);
            var bad = document.RootElement;
            data.Add(
                bad.Text("case"),
                bad.Text("body"),
                bad.GetProperty("status").GetInt32(),
                [.. bad.GetProperty("targets").EnumerateArray().Select(t => t.GetString()!)]
            );
        }

        return data;
    }

    [Theory]
    [InlineData("beta/process/runs")]
    [InlineData("process/runs")]
    [InlineData("beta/external/industryData/runs")]
    [InlineData("external/industryData/runs")]
    [InlineData("BETA/External/INDUSTRYDATA/Runs")]
    public async Task Ref_answers_204_without_a_body_and_says_where_the_run_is(string address)
    {
        using var response = await Client.PostAsync($"{address}/$ref", Bodies.Json(Bodies.Run), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await response.Content.ReadAsByteArrayAsync(Cancellation)).ShouldBeEmpty();
        response.Content.Headers.ContentType.ShouldBeNull();
        var location = response.Headers.Location!;
        location.ToString().ToUpperInvariant().ShouldStartWith($"{Service.Root}{address}/".ToUpperInvariant());
        response.Headers.GetValues("OData-EntityId").ShouldBe([location.ToString()]);

        var run = await Client.GetJsonAsync(location);
        run.Text("id").ShouldBe(location.Segments[^1]);
        Guid.Parse(run.Text("id")).Version.ShouldBe(7);
        run.Text("displayName").ShouldBe("Nightly rostering");
        run.Text("startDateTime").ShouldBe("2026-11-22T02:00:00Z");
        run.Text("endDateTime").ShouldBe("2026-11-22T02:41:07Z");
        run.Text("status").ShouldBe("completedWithWarnings");
        run.GetProperty("statistics").GetRawText().ShouldBe("{}");
        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(1);
    }

    [Fact]
    public async Task Ref_answers_201_with_the_run_when_it_is_wanted()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "beta/process/runs/$ref")
        {
            Content = Bodies.Json(Bodies.Run),
            Headers = { { "Prefer", "respond-async, return=representation" } },
        };
        using var response = await Client.SendAsync(request, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        response.Headers.GetValues("Preference-Applied").ShouldBe(["return=representation"]);
        var run = await response.JsonAsync();
        run.EnumerateObject().First().Name.ShouldBe("@odata.context");
        run.Text("@odata.context").ShouldBe($"{Service.Root}beta/$metadata#process/runs/$entity");
        run.Text("@odata.etag").ShouldBe(response.Headers.ETag!.ToString());
        response.Headers.Location!.ToString().ShouldBe($"{Service.Root}beta/process/runs/{run.Text("id")}");
        (await Client.GetJsonAsync(response.Headers.Location)).GetRawText().ShouldBe(run.GetRawText());
    }

    [Fact]
    public async Task Post_to_the_collection_answers_201_with_the_run()
    {
        using var response = await Client.PostAsync(
            "external/industryData/runs",
            Bodies.Json(Bodies.Run),
            Cancellation
        );

        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        response
            .Content.Headers.ContentType!.ToString()
            .ShouldBe(
                "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8"
            );
        response.Headers.GetValues("OData-Version").ShouldBe(["4.0"]);
        (await response.JsonAsync())
            .Text("@odata.context")
            .ShouldBe($"{Service.Root}$metadata#external/industryData/runs/$entity");
    }

    [Fact]
    public async Task Post_to_the_collection_answers_204_when_no_body_is_wanted()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "process/runs")
        {
            Content = Bodies.Json(Bodies.Run),
            Headers = { { "Prefer", "return=minimal" } },
        };
        using var response = await Client.SendAsync(request, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        response.Headers.GetValues("Preference-Applied").ShouldBe(["return=minimal"]);
        response.Headers.GetValues("OData-EntityId").ShouldBe([response.Headers.Location!.ToString()]);
    }

    [Theory]
    [MemberData(nameof(BadRuns))]
    public async Task Every_fault_of_a_bad_body_is_named_with_its_path(
        string @case,
        string body,
        int status,
        string[] targets
    )
    {
        using var response = await Client.PostAsync("beta/process/runs/$ref", Bodies.Json(body), Cancellation);

        ((int)response.StatusCode).ShouldBe(status, @case);
        if (status == 400)
        {
            var error = (await response.JsonAsync()).GetProperty("error");
            error.Text("code").ShouldBe("badRequest");
            error.Text("message").ShouldNotBeNullOrWhiteSpace();
            var named = error.TryGetProperty("details", out var details)
                ? details.EnumerateArray().Select(d => d.Text("target")).ToArray()
                : [];
            named.Order().ShouldBe(targets.Order(), @case);
        }

        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(status == 400 ? 0 : 1);
    }

    [Theory]
    [InlineData(
        """{"statistics":{"inboundTotals":{"errors":-1,"persons":1}},"colour":1,"status":"nope"}""",
        new[]
        {
            "colour",
            "displayName",
            "endDateTime",
            "startDateTime",
            "statistics/inboundTotals/errors",
            "statistics/inboundTotals/persons",
            "status",
        }
    )]
    [InlineData(
        """
            {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","endDateTime":"2026-01-01T00:00:00Z",
             "status":"completed","statistics":{},"blockingError":{"code":"x"}}
            """,
        new[] { "blockingError" }
    )]
    [InlineData(
        """
            {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"failed",
             "endDateTime":"2026-01-01T00:00:00Z","statistics":{},
             "blockingError":{"code":7,"text":"x","details":[{"code":null,"x":1}],
              "innerError":{"any":1,"details":null}}}
            """,
        new[]
        {
            "blockingError/code",
            "blockingError/details/0/x",
            "blockingError/innerError/details",
            "blockingError/text",
        }
    )]
    [InlineData(
        """
            {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"running",
             "statistics":{"activityStatistics":[{"displayName":"x","status":"running"}],
             "inboundTotals":{"@odata.type":"#x"}},"activities":{} }
            """,
        new[]
        {
            "activities",
            "statistics/activityStatistics/0/activityId",
            "statistics/activityStatistics/0/status",
            "statistics/inboundTotals/@odata.type",
        }
    )]
    public async Task Faults_of_every_part_are_reported_together(string body, string[] targets)
    {
        using var response = await Client.PostAsync("beta/process/runs", Bodies.Json(body), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync())
            .GetProperty("error")
            .GetProperty("details")
            .EnumerateArray()
            .Select(d => d.Text("target"))
            .Order(StringComparer.Ordinal)
            .ShouldBe(targets);
    }

    [Fact]
    public async Task Two_thousand_runs_read_back_equal()
    {
        var sent = Bodies.SharedRuns().ToArray();
        sent.Length.ShouldBe(2000);
        await Parallel.ForEachAsync(
            sent,
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancellation },
            async (body, _) =>
            {
                var run = await Client.GetJsonAsync(await AddAsync(body));
                using var document = JsonDocument.Parse(body);
                ShouldBeAsSent(run, document.RootElement);
            }
        );
        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(2000);
    }

    [Fact]
    public async Task Open_members_come_back_to_the_letter()
    {
        const string open =
            """{ "big" : 12345678901234567890123.4500 , "e":1E+2, "text":"\u00e9\ud83d\ude00 < & ' \" \n","""
            + """ "deep":[ {"@odata.type":"x", "a":[[],{}]}, null, true ] }""";
        var url = await AddAsync(
            $$"""
            {"displayName":"é😀\n","startDateTime":"0001-01-01T00:00:00Z",
             "endDateTime":"9999-12-31T23:59:59.999999999999Z","status":"completed",
             "statistics":{"runId":"x","status":7,"note":{{open}} } }
            """
        );

        var run = await Client.GetJsonAsync(url);

        run.GetProperty("statistics").GetProperty("note").GetRawText().ShouldBe(open);
        run.GetProperty("statistics").EnumerateObject().Select(m => m.Name).ShouldBe(["note"]);
        run.Text("displayName").ShouldBe("é😀\n");
        run.Text("startDateTime").ShouldBe("0001-01-01T00:00:00Z");
        run.Text("endDateTime").ShouldBe("9999-12-31T23:59:59.999999Z");
        (
            await Database.ReadAsync<bool>("SELECT isfinite(start_date_time) AND isfinite(end_date_time) FROM runs")
        ).ShouldBeTrue();
    }

    [Fact]
    public async Task What_was_read_can_be_sent_back()
    {
        var first = await Client.GetJsonAsync(await AddAsync(Bodies.Run));
        var second = await Client.GetJsonAsync(await AddAsync(first.GetRawText()));

        second.Text("id").ShouldNotBe(first.Text("id"));
        second.Text("displayName").ShouldBe(first.Text("displayName"));
    }

    [Fact]
    public async Task A_reference_to_a_member_changes_nothing()
    {
        var url = await AddAsync(Bodies.Run);
        var id = url.Segments[^1];
        foreach (
            var reference in (string[])
                [
                    url.ToString(),
                    $"{Service.Root}process/runs/{id}",
                    $"{Service.Root}beta/external/industryData/runs('{id}')",
                    $"process/runs/{id}",
                    $"external/industryData/runs('{id}')",
                    $"runs/{id}",
                    $"runs('{id.ToUpperInvariant()}')",
                    $"/beta/process/runs/{id}",
                ]
        )
        {
            using var response = await Client.PostAsync(
                "beta/process/runs/$ref",
                Bodies.Json($$"""{"@odata.context":"x","@odata.id":"{{reference}}"}"""),
                Cancellation
            );
            response.StatusCode.ShouldBe(HttpStatusCode.NoContent, reference);
            (await response.Content.ReadAsByteArrayAsync(Cancellation)).ShouldBeEmpty();
        }

        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(1);
    }

    [Theory]
    [InlineData("runs/01900000-0000-7000-8000-000000000000", 404)]
    [InlineData("runs/nightly", 404)]
    [InlineData("http://elsewhere.example/beta/process/runs/01900000-0000-7000-8000-000000000000", 400)]
    [InlineData("process/runs", 400)]
    [InlineData("process", 400)]
    [InlineData("runs/a/activities", 400)]
    [InlineData("runs/$count", 400)]
    [InlineData("runs/x?$select=id", 400)]
    [InlineData("http://[", 400)]
    [InlineData("../process/runs/01900000-0000-7000-8000-000000000000", 400)]
    [InlineData("\\\\process\\\\runs\\\\x", 400)]
    [InlineData("runs/start", 400)]
    [InlineData("process/runs/microsoft.graph.industryData.getStatistics()", 400)]
    [InlineData("/runs/x", 400)]
    [InlineData("", 400)]
    public async Task A_reference_to_something_else_is_refused(string reference, int status)
    {
        using var response = await Client.PostAsync(
            "beta/process/runs/$ref",
            Bodies.Json($$"""{"@odata.id":"{{reference}}"}"""),
            Cancellation
        );

        ((int)response.StatusCode).ShouldBe(status);
        (await response.JsonAsync()).GetProperty("error").Text("message").ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_reference_that_is_no_text_or_stands_twice_is_refused()
    {
        foreach (
            var body in (string[])
                ["""{"@odata.id":7}""", """{"@odata.id":"runs/a","@odata.id":"runs/a"}""", """{"@odata.id":"\ud800"}"""]
        )
        {
            using var response = await Client.PostAsync("beta/process/runs/$ref", Bodies.Json(body), Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, body);
            (await response.JsonAsync()).GetProperty("error").Text("target").ShouldBe("@odata.id");
        }
    }

    [Theory]
    [InlineData("""{"@odata.i\ud800xx":1}""", "@odata.i\\ud800xx")]
    [InlineData("""{"statistics":{"inboundTotal\ud800sx":1}}""", "statistics/inboundTotal\\ud800sx")]
    [InlineData("""{"statistics":{"inboundTotals":{"error\ud800s1":1}}}""", "statistics/inboundTotals/error\\ud800s1")]
    [InlineData("""{"statistics/x":1}""", "statistics~1x")]
    [InlineData("""{"":{"statistics":"\u0000"}}""", "\"\"/statistics")]
    public async Task Odd_names_are_faults_with_a_path_of_their_own(string body, string target)
    {
        using var response = await Client.PostAsync("beta/process/runs/$ref", Bodies.Json(body), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var targets = (await response.JsonAsync())
            .GetProperty("error")
            .GetProperty("details")
            .EnumerateArray()
            .Select(d => d.Text("target"))
            .ToArray();
        targets.ShouldContain(target);
        targets.ShouldContain("displayName");
        if (!body.StartsWith("""{"statistics":""", StringComparison.Ordinal))
        {
            targets.ShouldContain("statistics");
        }
    }

    [Theory]
    [InlineData(500_000, 1)]
    [InlineData(1, 1_000_000)]
    public async Task The_deepest_and_the_longest_error_are_refused(int levels, int length)
    {
        var (start, end) = (new string('[', levels), new string(']', levels));
        var error = $$"""{"innerError":{"x":{{start}}"{{new string('m', length)}}"{{end}} } }""";
        using var response = await Client.PostAsync(
            "beta/process/runs",
            Bodies.Json(
                $$"""
                {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"running","statistics":{},
                 "blockingError":{{error}} }
                """
            ),
            Cancellation
        );

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync())
            .GetProperty("error")
            .GetProperty("details")
            .EnumerateArray()
            .Select(d => d.Text("target"))
            .Distinct()
            .ShouldBe(["blockingError"]);
    }

    [Fact]
    public async Task Faults_of_long_nested_names_get_a_bounded_answer()
    {
        var name = new string('n', 200);
        var body =
            string.Concat(Enumerable.Repeat($"{{\"{name}\":", 50))
            + "["
            + string.Join(',', Enumerable.Repeat("\"\\u0000\"", 50_000))
            + "]"
            + new string('}', 50);
        using var response = await Client.PostAsync("beta/process/runs", Bodies.Json(body), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsByteArrayAsync(Cancellation)).Length.ShouldBeLessThan(2 * 1024 * 1024);
    }

    [Theory]
    [InlineData(null, 415)]
    [InlineData("text/plain", 415)]
    [InlineData("application/xml", 415)]
    [InlineData("application/json; charset=utf-16", 415)]
    [InlineData("application/json; charset=\"UTF-8\"; odata.metadata=minimal", 204)]
    public async Task Only_json_is_taken(string? contentType, int status)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Bodies.Run));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await Client.PostAsync("beta/process/runs/$ref", content, Cancellation);

        ((int)response.StatusCode).ShouldBe(status);
    }

    [Fact]
    public async Task Bytes_that_are_no_utf8_are_refused_and_a_byte_order_mark_is_not()
    {
        var bytes = Encoding.UTF8.GetBytes(Bodies.Run);
        (await StatusOfAsync([0xEF, 0xBB, 0xBF, .. bytes])).ShouldBe(HttpStatusCode.NoContent);
        bytes[Array.IndexOf(bytes, (byte)'N')] = 0xFF;
        (await StatusOfAsync(bytes)).ShouldBe(HttpStatusCode.BadRequest);
        (
            await StatusOfAsync(
                Encoding.UTF8.GetBytes(Bodies.Run.Replace("Nightly", "\\ud83d", StringComparison.Ordinal))
            )
        ).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData(32, 0, 204)]
    [InlineData(33, 0, 400)]
    [InlineData(100_000, 0, 400)]
    [InlineData(2, (64 * 1024) - 20, 204)]
    [InlineData(2, 64 * 1024, 400)]
    public async Task Statistics_are_bounded(int levels, int length, int status)
    {
        // The value is {"x":[[…["aaa"]…]]}. The object counts as one level.
        var statistics =
            $$"""{"x":{{new string('[', levels - 1)}}"{{new string('a', length)}}"{{new string(']', levels - 1)}} }""";
        using var response = await Client.PostAsync(
            "beta/process/runs/$ref",
            Bodies.Json(
                $$"""
                {"displayName":"a","startDateTime":"2026-01-01T00:00:00Z","status":"running",
                 "statistics":{{statistics}} }
                """
            ),
            Cancellation
        );

        ((int)response.StatusCode).ShouldBe(status);
        if (status == 400)
        {
            (await response.JsonAsync())
                .GetProperty("error")
                .GetProperty("details")
                .EnumerateArray()
                .Select(d => d.Text("target"))
                .Distinct()
                .ShouldBe(["statistics"]);
        }
    }

    [Fact]
    public async Task A_body_over_one_mebibyte_is_refused_however_it_is_sent()
    {
        var large = new string(' ', 1024 * 1024) + Bodies.Run;
        using var request = new HttpRequestMessage(HttpMethod.Post, "beta/process/runs/$ref")
        {
            Content = Bodies.Json(large),
            Headers = { ExpectContinue = true },
        };
        using var known = await Client.SendAsync(request, Cancellation);
        known.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await known.JsonAsync()).Cause().ShouldBe("bodyTooLarge");

        using var chunked = new HttpRequestMessage(HttpMethod.Post, "beta/process/runs/$ref")
        {
            Content = Bodies.Json(large),
            Headers = { TransferEncodingChunked = true },
        };
        using var response = await Client.SendAsync(chunked, Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);

        using var largest = await Client.PostAsync(
            "beta/process/runs/$ref",
            Bodies.Json(new string(' ', (1024 * 1024) - Encoding.UTF8.GetByteCount(Bodies.Run)) + Bodies.Run),
            Cancellation
        );
        largest.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_body_of_nothing_but_faults_gets_a_bounded_answer()
    {
        var members = string.Join(
            ',',
            Enumerable.Range(0, 50_000).Select(i => $"\"m{i.ToString(CultureInfo.InvariantCulture)}\":1")
        );
        using var response = await Client.PostAsync(
            "beta/process/runs/$ref",
            Bodies.Json($"{{{members}}}"),
            Cancellation
        );

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync()).GetProperty("error").GetProperty("details").GetArrayLength().ShouldBe(1000);
    }

    private static void ShouldBeAsSent(JsonElement run, JsonElement sent)
    {
        run.Text("displayName").ShouldBe(sent.Text("displayName"));
        run.Text("status").ShouldBe(sent.Text("status"));
        foreach (var moment in (string[])["startDateTime", "endDateTime"])
        {
            if (sent.GetProperty(moment).ValueKind == JsonValueKind.Null)
            {
                run.GetProperty(moment).ValueKind.ShouldBe(JsonValueKind.Null);
                continue;
            }

            run.Text(moment).ShouldEndWith("Z");
            run.GetProperty(moment).GetDateTimeOffset().ShouldBe(sent.GetProperty(moment).GetDateTimeOffset());
        }

        // The response omits the @odata.type of the statistics, because the property already determines the type.
        Members(run.GetProperty("statistics"))
            .ShouldBe(Members(sent.GetProperty("statistics")).Where(m => m.Name != "@odata.type"));
        if (sent.TryGetProperty("blockingError", out var error))
        {
            run.GetProperty("blockingError").GetRawText().ShouldBe(error.GetRawText());
        }
        else
        {
            run.GetProperty("blockingError").ValueKind.ShouldBe(JsonValueKind.Null);
        }
    }

    private static (string Name, string Value)[] Members(JsonElement value) =>
        [.. value.EnumerateObject().Select(m => (m.Name, m.Value.GetRawText()))];

    private async Task<HttpStatusCode> StatusOfAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/json" } } };
        using var response = await Client.PostAsync("beta/process/runs/$ref", content, Cancellation);
        return response.StatusCode;
    }
}
