using System.Net;
using System.Text;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Batch;

/// <summary>Tests batches of requests. Each request is answered as it would be alone.</summary>
public sealed class BatchTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Json = """{"Content-Type":"application/json"}""";

    [Fact]
    public async Task Twenty_runs_are_added_and_read_back()
    {
        var added = await SendAsync([.. Enumerable.Range(0, 20).Select(i => Add($"{i}", Bodies.RunAt(i, $"Run {i}")))]);

        added.Select(r => r.Text("id")).ShouldBe(Enumerable.Range(0, 20).Select(i => $"{i}"));
        added.ShouldAllBe(r => r.GetProperty("status").GetInt32() == 204);
        added.Select(r => r.GetProperty("headers").Text("request-id")).ShouldBeUnique();
        var read = await SendAsync([.. added.Select((r, i) => Get($"{i}", $"/process/runs/{Id(r)}"))]);
        read.Select(r => r.GetProperty("body").Text("displayName"))
            .ShouldBe(Enumerable.Range(0, 20).Select(i => $"Run {i}"));
        read.ShouldAllBe(r => r.GetProperty("headers").Text("ETag") == r.GetProperty("body").Text("@odata.etag"));
        read.ShouldAllBe(r =>
            r.GetProperty("headers").Text("Content-Type").StartsWith("application/json", StringComparison.Ordinal)
        );
        read.Select(r => r.GetProperty("headers").Text("request-id")).ShouldBeUnique();
    }

    [Fact]
    public async Task Each_request_is_answered_for_itself()
    {
        var responses = await SendAsync(
            Item("created", "POST", "/process/runs", Json, Bodies.Run),
            Item(
                "quiet",
                "post",
                "/process/runs",
                """{"content-type":"application/json;charset=utf-8","prefer":"return=minimal"}""",
                Bodies.Run
            ),
            Item(
                "faulty",
                "POST",
                "/process/runs/$ref",
                Json,
                """{"displayName":"","status":"done","displayName":"twice"}"""
            ),
            Get("nobody", "/process/runs/01a20979-bf10-7540-85f7-4aec14518420"),
            Get("nothing", "/nothing"),
            Item("method", "PUT", "/process/runs"),
            Get("notSupported", "/process/runs/$ref"),
            Get("option", "/process/runs?$bogus=1"),
            Item("untyped", "POST", "/process/runs", null, Bodies.Run),
            Item("xml", "POST", "/process/runs", """{"Content-Type":"application/xml"}""", "\"PHJ1bi8+\""),
            Item("notBase64", "POST", "/process/runs", """{"Content-Type":"application/xml"}""", "\"<run/>\""),
            Get("health", "/health/live"),
            Item("begun", "POST", "/process/runs/start")
        );

        Statuses(responses).ShouldBe([201, 204, 400, 404, 404, 405, 501, 400, 415, 415, 400, 200, 202]);
        responses[0].GetProperty("body").Text("displayName").ShouldBe("Nightly rostering");
        responses[1].GetProperty("headers").Text("Preference-Applied").ShouldBe("return=minimal");
        responses[1].TryGetProperty("body", out _).ShouldBeFalse();
        responses[2]
            .GetProperty("body")
            .GetProperty("error")
            .GetProperty("details")
            .EnumerateArray()
            .Select(d => d.Text("target"))
            .ShouldBe(["displayName", "status", "startDateTime", "endDateTime", "statistics"], ignoreOrder: true);
        responses[5].GetProperty("headers").Text("Allow").ShouldBe("GET, HEAD, POST, OPTIONS");
        responses[10].GetProperty("body").Cause().ShouldBe("notBase64");
        responses[11].GetProperty("body").Text("status").ShouldBe("live");
        foreach (var refused in responses.Where(r => r.GetProperty("status").GetInt32() >= 400))
        {
            refused
                .GetProperty("body")
                .GetProperty("error")
                .GetProperty("innerError")
                .Text("request-id")
                .ShouldBe(refused.GetProperty("headers").Text("request-id"));
        }
    }

    [Fact]
    public async Task A_request_gets_the_answer_that_it_gets_alone()
    {
        var run = (await AddAsync(Bodies.Run)).AbsolutePath["/beta".Length..];
        foreach (
            var path in (string[])
                [run, $"{run}/getStatistics", "/process/runs", "/external", "/process/runs?$top=x", "/nothing"]
        )
        {
            using var alone = await Client.GetAsync($"beta{path}", Cancellation);
            var within = (await SendAsync(Get("1", path))).Single();

            within.GetProperty("status").GetInt32().ShouldBe((int)alone.StatusCode);
            Unnamed(within.GetProperty("body").GetRawText())
                .ShouldBe(Unnamed(await alone.Content.ReadAsStringAsync(Cancellation)));
            within
                .GetProperty("headers")
                .EnumerateObject()
                .Select(h => h.Name.ToLowerInvariant())
                .ShouldBe(
                    alone
                        .Headers.Concat(alone.Content.Headers)
                        .Select(h => h.Key.ToLowerInvariant())
                        .Except(["date", "transfer-encoding", "content-length"]),
                    ignoreOrder: true
                );
        }
    }

    [Fact]
    public async Task Numbers_keep_their_digits_on_both_ways()
    {
        var added = await SendAsync(
            Item(
                "1",
                "POST",
                "/process/runs",
                Json,
                Bodies.Run.Replace(
                    "\"statistics\": {",
                    "\"statistics\": { \"rate\": 1.50e+02, \"big\": 123456789012345678901234567890.10,"
                )
            )
        );
        var read = await SendAsync(Get("1", $"/process/runs/{added[0].GetProperty("body").Text("id")}"));

        foreach (
            var statistics in (JsonElement[])
                [
                    added[0].GetProperty("body").GetProperty("statistics"),
                    read[0].GetProperty("body").GetProperty("statistics"),
                ]
        )
        {
            statistics.GetProperty("rate").GetRawText().ShouldBe("1.50e+02");
            statistics.GetProperty("big").GetRawText().ShouldBe("123456789012345678901234567890.10");
        }
    }

    [Fact]
    public async Task Dependent_requests_run_in_order_and_answers_stand_in_the_order_of_the_requests()
    {
        var run = (await AddAsync(Bodies.RunAt(0))).AbsolutePath["/beta".Length..];
        var responses = await SendAsync(
            Item("gone", "GET", run, null, null, "delete"),
            Item("delete", "DELETE", run, null, null, "Finish"),
            Item(
                "finish",
                "PATCH",
                run,
                Json,
                """{"status":"completed","endDateTime":"2026-01-02T00:00:00Z"}""",
                "before"
            ),
            Get("before", run)
        );

        Statuses(responses).ShouldBe([404, 204, 200, 200]);
        responses[3].GetProperty("body").Text("status").ShouldBe("running");
        responses[2].GetProperty("body").Text("status").ShouldBe("completed");
    }

    [Fact]
    public async Task What_depends_on_a_failure_is_not_tried_and_all_else_is()
    {
        var responses = await SendAsync(
            Item("1", "POST", "/process/runs", Json, "{}"),
            Item("2", "POST", "/process/runs", Json, Bodies.Run, "1"),
            Item("3", "POST", "/process/runs", Json, Bodies.Run, "4", "2"),
            Item("4", "POST", "/process/runs", Json, Bodies.Run),
            Item("5", "POST", "/process/runs", Json, Bodies.Run, "4")
        );

        Statuses(responses).ShouldBe([400, 424, 424, 201, 201]);
        responses[2].GetProperty("body").GetProperty("error").Text("code").ShouldBe("failedDependency");
        responses[2].GetProperty("body").GetProperty("error").Text("message").ShouldContain("'2'");
        responses[2]
            .GetProperty("headers")
            .Text("request-id")
            .ShouldNotBe(responses[1].GetProperty("headers").Text("request-id"));
        (await Client.GetJsonAsync(new Uri(Service.Root, "process/runs")))
            .GetProperty("value")
            .GetArrayLength()
            .ShouldBe(2);
    }

    [Theory]
    [InlineData("", "required requests")]
    [InlineData("\"requests\\ud800\":[]", "invalidCharacters requests\\ud800, required requests")]
    [InlineData("\"requests\":null", "notAnArray requests")]
    [InlineData("\"requests\":[]", "invalidItemCount requests")]
    [InlineData("\"requests\":[],\"more\":1", "unknownProperty more, invalidItemCount requests")]
    [InlineData(
        "\"requests\":[7,{}]",
        "notAnObject requests/0, required requests/1/id, required requests/1/method, required requests/1/url"
    )]
    [InlineData(
        "\"requests\":[{\"id\":1,\"method\":\"G T\",\"url\":null,\"x\":0}]",
        "notAString requests/0/id, notAMethod requests/0/method, notAString requests/0/url, "
            + "unknownProperty requests/0/x"
    )]
    [InlineData(
        "\"requests\":[{\"id\":\"\",\"method\":\"GET\",\"url\":\"\",\"headers\":[],\"dependsOn\":\"1\"}]",
        "notAString requests/0/id, notAnObject requests/0/headers, notAnArray requests/0/dependsOn"
    )]
    [InlineData(
        "\"requests\":[{\"id\":\"1\",\"method\":\"GET\",\"url\":\"/\","
            + "\"headers\":{\"a b\":\"\",\"c\":1,\"d\":\"\\r\\n\"}}]",
        "notAHeader requests/0/headers/a b, notAHeader requests/0/headers/c, notAHeader requests/0/headers/d"
    )]
    [InlineData(
        "\"requests\":[{\"id\":\"1\",\"method\":\"GET\",\"url\":\"/\",\"url\":\"/\"}]",
        "duplicateProperty requests/0/url"
    )]
    [InlineData(
        "\"requests\":[{\"id\":\"1\\ud800\",\"method\":\"GET\",\"url\":\"/\"}]",
        "invalidCharacters requests/0/id, notAString requests/0/id"
    )]
    [InlineData(
        "\"requests\":[{\"id\":\"a\",\"method\":\"GET\",\"url\":\"/\"},"
            + "{\"id\":\"A\",\"method\":\"GET\",\"url\":\"/\"}]",
        "duplicateId requests/1/id"
    )]
    [InlineData(
        "\"requests\":[{\"id\":\"a\",\"method\":\"GET\",\"url\":\"/\",\"dependsOn\":[\"b\",\"A\",3]}]",
        "notAString requests/0/dependsOn/2"
    )]
    [InlineData(
        "\"requests\":[{\"id\":\"a\",\"method\":\"GET\",\"url\":\"/\",\"dependsOn\":[\"b\",\"A\"]}]",
        "unknownId requests/0/dependsOn/0, dependsOnItself requests/0/dependsOn/1"
    )]
    [InlineData(
        "\"requests\":[{\"id\":\"a\",\"method\":\"GET\",\"url\":\"/\",\"dependsOn\":[\"b\"]},"
            + "{\"id\":\"b\",\"method\":\"GET\",\"url\":\"/\",\"dependsOn\":[\"A\"]},"
            + "{\"id\":\"c\",\"method\":\"GET\",\"url\":\"/\"}]",
        "cyclicDependency requests/0/dependsOn, cyclicDependency requests/1/dependsOn"
    )]
    public async Task A_malformed_envelope_is_refused_whole_with_every_fault(string members, string faults)
    {
        using var response = await PostAsync($"{{{members}}}");

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var details = (await response.JsonAsync())
            .GetProperty("error")
            .GetProperty("details")
            .EnumerateArray()
            .Select(d => $"{d.Text("code")} {d.Text("target")}");
        details.ShouldBe(faults.Split(", "), ignoreOrder: true);
    }

    [Fact]
    public async Task More_than_twenty_are_refused_and_none_is_tried()
    {
        using var response = await PostAsync(
            Envelope([.. Enumerable.Range(0, 21).Select(i => Add($"{i}", Bodies.Run))])
        );

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync()).GetProperty("error").Text("message").ShouldContain("21");
        (await Client.GetJsonAsync(new Uri(Service.Root, "process/runs")))
            .GetProperty("value")
            .GetArrayLength()
            .ShouldBe(0);
    }

    [Theory]
    [InlineData(
        "application/json",
        """{"requests":[{"id":"1","method":"GET","url":"/","atomicityGroup":"g"}]}""",
        501,
        "requests/0/atomicityGroup"
    )]
    [InlineData(
        "application/json",
        """{"requests":[{"id":"1","method":"GET","url":"/","if":"$1/a eq 1"}]}""",
        501,
        "requests/0/if"
    )]
    [InlineData("multipart/mixed; boundary=b", "--b--", 501, "multipart/mixed")]
    [InlineData("text/plain", "{}", 415, "application/json")]
    [InlineData("application/json", "[]", 400, "object")]
    [InlineData("application/json", "{", 400, "JSON")]
    public async Task What_is_no_json_batch_is_refused_by_name(string contentType, string body, int status, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "beta/$batch")
        {
            Content = new StringContent(body),
        };
        request.Content.Headers.Remove("Content-Type");
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await Client.SendAsync(request, Cancellation);

        ((int)response.StatusCode).ShouldBe(status);
        (await response.JsonAsync()).GetProperty("error").Text("message").ShouldContain(name);
    }

    [Fact]
    public async Task A_batch_needs_a_token_and_takes_only_posts()
    {
        using var anonymous = Service.Authorized(null);
        using var refused = await PostAsync(Envelope([Get("1", "/")]), client: anonymous);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        using var read = await Client.GetAsync("$batch", Cancellation);
        read.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        read.Content.Headers.Allow.ShouldBe(["POST", "OPTIONS"]);
    }

    [Fact]
    public async Task A_request_can_carry_its_own_token_and_the_batch_lends_no_permission()
    {
        static string Bearer(string token) =>
            $$"""{"Content-Type":"application/json","authorization":"Bearer {{token}}"}""";
        using var reader = Service.Authorized(Tokens.Make(roles: ["IndustryData-Run.Read.All"]));
        using var response = await PostAsync(
            Envelope(
                Get("1", "/process/runs"),
                Add("2", Bodies.Run),
                Item("3", "POST", "/process/runs", Bearer(Tokens.Make(tid: Tokens.OtherTenant.ToString())), Bodies.Run),
                Item("4", "POST", "/process/runs", Bearer(Tokens.SignedByNobody()), Bodies.Run),
                Item("5", "GET", "/process/runs", """{"Authorization":""}""")
            ),
            client: reader
        );
        var responses = (await response.JsonAsync()).GetProperty("responses").EnumerateArray().ToArray();

        Statuses(responses).ShouldBe([200, 403, 201, 401, 401]);
        responses[1]
            .GetProperty("body")
            .GetProperty("error")
            .Text("message")
            .ShouldContain("IndustryData-Run.ReadWrite.All");
        responses[3].GetProperty("headers").Text("WWW-Authenticate").ShouldStartWith("Bearer");
        using var other = Service.Authorized(Tokens.Make(tid: Tokens.OtherTenant.ToString()));
        (await other.GetJsonAsync(new Uri(Service.Root, "process/runs")))
            .GetProperty("value")
            .GetArrayLength()
            .ShouldBe(1);
        (await Client.GetJsonAsync(new Uri(Service.Root, "process/runs")))
            .GetProperty("value")
            .GetArrayLength()
            .ShouldBe(0);
        using var powerless = Service.Authorized(Tokens.Make(roles: []));
        using var nothing = await PostAsync(Envelope([Get("1", "/process/runs")]), client: powerless);
        Statuses([.. (await nothing.JsonAsync()).GetProperty("responses").EnumerateArray()]).ShouldBe([403]);
    }

    [Theory]
    [InlineData("beta/", "/process/runs", 200)]
    [InlineData("beta/", "process/runs", 200)]
    [InlineData("BETA/", "PROCESS/Runs?$top=1", 200)]
    [InlineData("beta/", "/beta/process/runs", 200)]
    [InlineData("", "/process/runs", 200)]
    [InlineData("", "beta/process/runs", 200)]
    [InlineData("beta/", "{root}beta/process/runs", 200)]
    [InlineData("", "{root}process/runs", 200)]
    [InlineData("", "{root}beta/process/runs", 200)]
    [InlineData("beta/", "process/x/../runs", 200)]
    [InlineData("beta/", "process/runs?%24top=1", 200)]
    [InlineData("beta/", "", 200)]
    [InlineData("beta/", "?", 200)]
    [InlineData("beta/", "process/runs('x y')", 404)]
    [InlineData("beta/", "process/runs/a%2Fb", 404)]
    [InlineData("beta/", "process/runs/é🙂", 404)]
    [InlineData("beta/", "process/runs?$filter=displayName eq 'a:/b'&x=http://y", 400)]
    [InlineData("beta/", "{root}process/runs", 400)]
    [InlineData("beta/", "https://evil.example/beta/process/runs", 400)]
    [InlineData("beta/", "//evil.example/process/runs", 400)]
    [InlineData("beta/", "file:///etc/passwd", 400)]
    [InlineData("beta/", "urn:process:runs", 400)]
    [InlineData("beta/", "h://127.0.0.1/beta/process/runs", 400)]
    [InlineData("beta/", "/process/runs#fragment", 400)]
    [InlineData("beta/", "/process/runs/%00", 400)]
    [InlineData("beta/", "/$batch", 400)]
    [InlineData("beta/", "$BATCH", 400)]
    [InlineData("", "beta/%24batch", 400)]
    public async Task Urls_are_relative_to_the_service_root(string root, string url, int status)
    {
        var item = Item(
            "1",
            url.EndsWith("batch", StringComparison.OrdinalIgnoreCase) ? "POST" : "GET",
            url.Replace("{root}", Service.Root.ToString(), StringComparison.Ordinal),
            Json,
            "{\"requests\":[]}"
        );
        using var response = await PostAsync(Envelope([item]), root);
        var answer = (await response.JsonAsync()).GetProperty("responses")[0];

        answer.GetProperty("status").GetInt32().ShouldBe(status, answer.GetRawText());
    }

    [Theory]
    [InlineData("", "http://ledger.example:8443/")]
    [InlineData("beta/", "http://ledger.example:8443/beta/")]
    public async Task Links_carry_the_host_and_service_root_of_the_batch(string root, string expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{root}$batch")
        {
            Content = Bodies.Json(
                Envelope(
                    Item(
                        "1",
                        "POST",
                        "/process/runs",
                        """
                        {"Content-Type":"application/json","Host":"evil.example",
                         "X-Forwarded-Host":"evil.example"}
                        """,
                        Bodies.Run
                    ),
                    Item("2", "POST", "/external/industryData/runs", Json, Bodies.Run),
                    Item("3", "GET", "/process/runs?$top=1", null, null, "1", "2")
                )
            ),
        };
        request.Headers.Host = "ledger.example:8443";
        using var response = await Client.SendAsync(request, Cancellation);
        var responses = (await response.JsonAsync()).GetProperty("responses");

        responses[0].GetProperty("headers").Text("Location").ShouldStartWith($"{expected}process/runs/");
        responses[1].GetProperty("headers").Text("Location").ShouldStartWith($"{expected}external/industryData/runs/");
        responses[1]
            .GetProperty("body")
            .Text("@odata.context")
            .ShouldBe($"{expected}$metadata#external/industryData/runs/$entity");
        responses[2].GetProperty("body").Text("@odata.nextLink").ShouldStartWith($"{expected}process/runs?");
    }

    [Fact]
    public async Task Each_request_has_the_limits_of_one_of_its_own_and_the_batch_a_larger_one()
    {
        static string Long(int length) => $"{{\"displayName\":\"{new string('x', length)}\"}}";
        var responses = await SendAsync(
            Item("1", "POST", "/process/runs", Json, Long(1_000_000)),
            Item("2", "POST", "/process/runs", Json, Long(1_048_576)),
            Get("3", $"/process/runs?x={new string('a', 32_768)}"),
            Get("4", $"/process/runs?x={new string('a', 100_000)}"),
            Item("5", "GET", "/process/runs", $$"""{"x":"{{new string('a', 32_768)}}"}"""),
            Item(
                "6",
                "POST",
                "/process/runs",
                Json,
                $"{{\"displayName\":{new string('[', 100)}{new string(']', 100)}}}"
            )
        );

        Statuses(responses).ShouldBe([400, 413, 414, 414, 431, 400]);
        responses[5]
            .GetProperty("body")
            .GetProperty("error")
            .GetProperty("details")
            .EnumerateArray()
            .Select(d => d.Text("code"))
            .ShouldContain("notAString");
        using var large = new HttpRequestMessage(HttpMethod.Post, "$batch")
        {
            Content = Bodies.Json(Envelope(Item("1", "POST", "/process/runs", Json, Long(5_000_000)))),
            Headers = { ExpectContinue = true },
        };
        using var tooLarge = await Client.SendAsync(large, Cancellation);
        tooLarge.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await tooLarge.JsonAsync()).GetProperty("error").Text("message").ShouldContain("4 MiB");
        using var one = new HttpRequestMessage(HttpMethod.Post, "process/runs")
        {
            Content = Bodies.Json(Long(1_048_576)),
            Headers = { ExpectContinue = true },
        };
        using var alone = await Client.SendAsync(one, Cancellation);
        (await alone.JsonAsync()).GetProperty("error").Text("message").ShouldContain("1 MiB");
    }

    /// <summary>Repeated joining of the values of one header would take minutes.</summary>
    [Fact]
    public async Task Headers_without_number_take_no_time_without_number()
    {
        static string Many(int count, Func<int, string> name) =>
            $"{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{name(i)}\":\"\""))}}}";

        // One name in all its spellings with lowercase and uppercase letters.
        var responses = await SendAsync(
            Item(
                "1",
                "GET",
                "/process/runs",
                Many(
                    1 << 17,
                    i =>
                        string.Concat(
                            "abcdefghijklmnopq".Select((c, at) => (i >> at & 1) == 1 ? char.ToUpperInvariant(c) : c)
                        )
                )
            )
        );
        Statuses(responses).ShouldBe([431]);

        using var same = await Client.PostAsync(
            "$batch",
            Bodies.Json(Envelope(Item("1", "GET", "/process/runs", Many(590_000, _ => "a")))),
            Cancellation
        );
        same.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await same.JsonAsync())
            .GetProperty("error")
            .GetProperty("details")
            .EnumerateArray()
            .Select(d => d.Text("code"))
            .ShouldBe(["duplicateProperty"]);
    }

    /// <summary>
    /// The cost of checking a name must not grow with the number of names before it. The bodies have an object with
    /// many names before many small objects, or repeat the same fault many times.
    /// </summary>
    [Fact]
    public async Task Names_without_number_take_no_time_without_number()
    {
        var large = string.Join(',', Enumerable.Range(0, 150_000).Select(i => $"\"{i:x}\":0"));
        var small = string.Join(',', Enumerable.Repeat("{\"\":0}", 250_000));
        await RefusedAsync($$"""{"requests":0,"x":[{{{large}}},{{small}}],"\u0061":0}""", "notAnArray");

        var deep = string.Concat(Enumerable.Repeat($"{{\"{new string('~', 128)}\":", 60));
        var members = string.Join(',', Enumerable.Repeat("\"\":0", 700_000));
        await RefusedAsync($$"""{"x":{{deep}}{{{members}}}{{new string('}', 60)}},"\u0061":0}""", "duplicateProperty");
        await RefusedAsync(
            $$"""{"requests":[{{{string.Join(',', Enumerable.Repeat("\"\\ud800\":0", 300_000))}}}]}""",
            "invalidCharacters"
        );

        async Task RefusedAsync(string body, string code)
        {
            using var response = await Client.PostAsync("$batch", Bodies.Json(body), Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
            (await response.Content.ReadAsStringAsync(Cancellation)).ShouldContain($"\"{code}\"");
        }
    }

    /// <summary>Requests eight responses of 3.6 MB each. The limit of 16 MiB has room for four of them.</summary>
    [Fact]
    public async Task All_answers_together_have_a_limit()
    {
        for (var i = 0; i < 60; i++)
        {
            await AddAsync(
                $$"""
                {"displayName":"large","startDateTime":"2026-01-01T00:00:00Z","status":"running",
                 "statistics":{"text":"{{new string('x', 60_000)}}"} }
                """
            );
        }

        var responses = await SendAsync([
            .. Enumerable.Range(0, 8).Select(i => Get($"{i}", "/process/runs?$select=statistics&$top=1000")),
        ]);

        Statuses(responses).Count(s => s == 200).ShouldBe(4);
        Statuses(responses).Count(s => s == 507).ShouldBe(4);
        responses
            .Where(r => r.GetProperty("status").GetInt32() == 507)
            .ShouldAllBe(r =>
                r.GetProperty("body").GetProperty("error").GetProperty("innerError").Text("code") == "responseTooLarge"
            );
    }

    [Fact]
    public async Task A_request_repeats_its_callers_own_name_for_it()
    {
        var responses = await SendAsync(
            Item("1", "GET", "/nothing", """{"client-request-id":"job 7"}"""),
            Get("2", "/nothing")
        );

        responses[0].GetProperty("headers").Text("client-request-id").ShouldBe("job 7");
        responses[1].GetProperty("headers").TryGetProperty("client-request-id", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_throttled_request_says_when_to_come_again()
    {
        var responses = await SendAsync([
            .. Enumerable
                .Range(0, 6)
                .Select(i => Item($"{i}", "POST", "/process/runs/start", dependsOn: i == 0 ? [] : [$"{i - 1}"])),
        ]);

        Statuses(responses).ShouldBe([202, 202, 202, 202, 202, 429]);
        int.Parse(responses[5].GetProperty("headers").Text("Retry-After"), null).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Many_batches_at_once_lose_nothing()
    {
        var batches = await Task.WhenAll(
            Enumerable
                .Range(0, 16)
                .Select(_ => SendAsync([.. Enumerable.Range(0, 20).Select(i => Add($"{i}", Bodies.RunAt(i)))]))
        );

        batches.SelectMany(b => Statuses(b)).ShouldAllBe(s => s == 204);
        batches.SelectMany(b => b).Select(Id).ShouldBeUnique();
        (await Client.GetJsonAsync(new Uri(Service.Root, "process/runs?$top=1000")))
            .GetProperty("value")
            .GetArrayLength()
            .ShouldBe(320);
    }

    private static string Add(string id, string body) => Item(id, "POST", "/process/runs/$ref", Json, body);

    private static string Get(string id, string url) => Item(id, "GET", url);

    private static string Item(
        string id,
        string method,
        string url,
        string? headers = null,
        string? body = null,
        params string[] dependsOn
    )
    {
        var item = new StringBuilder(
            $$"""{"id":"{{id}}","method":"{{method}}","url":{{JsonSerializer.Serialize(url)}}"""
        );
        item.Append(headers is null ? "" : $",\"headers\":{headers}").Append(body is null ? "" : $",\"body\":{body}");
        return item.Append(dependsOn.Length == 0 ? "" : $",\"dependsOn\":{JsonSerializer.Serialize(dependsOn)}")
            .Append('}')
            .ToString();
    }

    private static string Envelope(params string[] items) => $"{{\"requests\":[{string.Join(",", items)}]}}";

    private static int[] Statuses(JsonElement[] responses) =>
        [.. responses.Select(r => r.GetProperty("status").GetInt32())];

    private static string Id(JsonElement response) => response.GetProperty("headers").Text("Location").Split('/')[^1];

    /// <summary>Removes the parts of a response that differ from one request to the next.</summary>
    private static string Unnamed(string body) =>
        System.Text.RegularExpressions.Regex.Replace(body, """"(date|request-id|client-request-id)":"[^"]*"""", "");

    private async Task<JsonElement[]> SendAsync(params string[] items)
    {
        using var response = await PostAsync(Envelope(items));
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync(Cancellation));
        return [.. (await response.JsonAsync()).GetProperty("responses").EnumerateArray()];
    }

    private Task<HttpResponseMessage> PostAsync(string body, string root = "beta/", HttpClient? client = null) =>
        (client ?? Client).PostAsync($"{root}$batch", Bodies.Json(body), Cancellation);
}
