using System.Net;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.OData;

public sealed class FormatTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Run = """
        { "displayName": "a", "startDateTime": "2026-01-01T00:00:00Z", "status": "running",
          "statistics": {
            "inboundTotals": { "errors": 9007199254740991, "people": null,
              "matchedPeopleByRole": [ { "role": "student", "count": 3 } ] },
            "activityStatistics": [ { "@odata.type": "#microsoft.graph.industryData.inboundActivityResults",
              "activityId": "1", "displayName": "b", "status": "failed", "warnings": 2, "people": { "total": 5 } } ],
            "rows": 12345678901234567890, "rate": 1.50 },
          "activities": [ { "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity", "displayName": "in",
            "status": "inProgress",
            "activity": { "id": "f1", "displayName": "Classes", "readinessStatus": "ready" } } ] }
        """;

    [Theory]
    [InlineData(null, "minimal", "false")]
    [InlineData("application/json", "minimal", "false")]
    [InlineData("*/*", "minimal", "false")]
    [InlineData("application/*", "minimal", "false")]
    [InlineData("application/json;odata.metadata=none", "none", "false")]
    [InlineData("application/json;metadata=full", "full", "false")]
    [InlineData("APPLICATION/JSON;ODATA.METADATA=FULL;CHARSET=UTF-8", "full", "false")]
    [InlineData("application/json;odata.metadata=minimal;IEEE754Compatible=true", "minimal", "true")]
    [InlineData(
        "application/json;IEEE754Compatible=\"true\";metadata=none;streaming=false;ExponentialDecimals=true",
        "none",
        "true"
    )]
    [InlineData(
        "application/json;odata.metadata=none;q=0.5, application/json;odata.metadata=full;q=0.7",
        "full",
        "false"
    )]
    [InlineData("application/json, application/json;odata.metadata=none", "none", "false")]
    [InlineData("application/json, text/plain, */*", "minimal", "false")]
    [InlineData("application/json;odata.metadata=minimal;q=0, */*", "minimal excluded", "false")]
    [InlineData("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "minimal", "false")]
    [InlineData("application/json;odata=verbose, application/json;q=0.1", "minimal", "false")]
    public async Task Accept_says_how_much_control_information_there_is(
        string? accept,
        string level,
        string numbersAsText
    )
    {
        await AddAsync(Run);
        using var response = await SendAsync(HttpMethod.Get, "process/runs", accept);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var expected = level == "minimal excluded" ? "none" : level;
        response
            .Content.Headers.GetValues("Content-Type")
            .Single()
            .Replace(" ", "", StringComparison.Ordinal)
            .ShouldBe(
                $"application/json;odata.metadata={expected};odata.streaming=true;"
                    + $"IEEE754Compatible={numbersAsText};charset=utf-8"
            );
        (await response.JsonAsync()).TryGetProperty("@odata.context", out _).ShouldBe(expected != "none");
    }

    [Theory]
    [InlineData("$format=json", "application/json;odata.metadata=full", "minimal")]
    [InlineData("format=JSON", "application/xml", "minimal")]
    [InlineData("$format=application/json", "application/json;odata.metadata=full", "minimal")]
    [InlineData("$format=application/json;odata.metadata=none", "application/json;odata.metadata=full", "none")]
    [InlineData("$format=application/json%3Bmetadata%3Dfull", null, "full")]
    public async Task The_option_wins_over_accept(string option, string? accept, string level)
    {
        using var response = await SendAsync(HttpMethod.Get, $"process/runs?{option}", accept);

        response.Content.Headers.ContentType!.Parameters.First().ToString().ShouldBe($"odata.metadata={level}");
    }

    [Theory]
    [InlineData("", "application/json;odata.metadata=some")]
    [InlineData("", "application/json;odata=verbose")]
    [InlineData("", "application/json;IEEE754Compatible=maybe")]
    [InlineData("", "application/json;charset=utf-16")]
    [InlineData("", "application/json;q=0, */*;q=0")]
    [InlineData("", "application/xml")]
    [InlineData("", "no media type")]
    [InlineData("?$format=xml", null)]
    [InlineData("?$format=atom", "application/json")]
    [InlineData("?$format=application/atom%2Bxml", null)]
    [InlineData("?$format=json;odata.metadata=full", null)]
    [InlineData("?$format=application/json;odata.metadata=some", null)]
    [InlineData("?$format=application/*", null)]
    [InlineData("?$format=", null)]
    public async Task Another_format_is_not_acceptable_and_the_answer_says_which_there_are(string query, string? accept)
    {
        foreach (
            var path in (string[])
                [
                    "",
                    "external",
                    "process/runs",
                    "process/runs/x",
                    "process/runs/x/activities",
                    "process/runs/getStatistics",
                ]
        )
        {
            using var response = await SendAsync(HttpMethod.Get, path + query, accept);

            response.StatusCode.ShouldBe(HttpStatusCode.NotAcceptable, path);
            response.Content.Headers.ContentType!.ToString().ShouldBe("application/json");
            (await response.JsonAsync())
                .GetProperty("error")
                .Text("message")
                .ShouldContain("odata.metadata=none, minimal or full");
        }
    }

    [Theory]
    [InlineData("process/runs/$count", "text/plain", 200)]
    [InlineData("process/runs/$count", "application/json", 200)]
    [InlineData("process/runs/$count", "text/html", 406)]
    [InlineData("process/runs/$count?$format=json", null, 400)]
    [InlineData("$metadata", "application/json, application/xml;q=0.5", 200)]
    public async Task What_is_no_payload_has_a_format_of_its_own(string path, string? accept, int status)
    {
        using var response = await SendAsync(HttpMethod.Get, path, accept);

        ((int)response.StatusCode).ShouldBe(status);
        if (status == 200)
        {
            response.Content.Headers.ContentType!.MediaType.ShouldBe(
                path == "$metadata" ? "application/json" : "text/plain"
            );
        }
    }

    [Fact]
    public async Task Of_an_activity_count_a_text_is_taken()
    {
        var run = await AddAsync(Run);
        using var response = await SendAsync(HttpMethod.Get, $"{run}/activities/$count", "text/plain;q=0.9");

        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldBe("1");
    }

    [Fact]
    public async Task None_leaves_what_is_needed_to_go_on()
    {
        var run = await AddAsync(Run);
        await AddAsync(Run);
        var list = await GetAsync(
            "process/runs?$top=1&$count=true&$expand=activities&$select=statistics"
                + "&$format=application/json;odata.metadata=none"
        );

        list.EnumerateObject().Select(m => m.Name).ShouldBe(["@odata.count", "value", "@odata.nextLink"]);
        ControlInformation(list.GetProperty("value")).ShouldBeEmpty();
        var rest = await Client.GetJsonAsync(new Uri(list.Text("@odata.nextLink")));
        rest.EnumerateObject().Select(m => m.Name).ShouldBe(["@odata.count", "value"]);
        rest.GetProperty("value")[0].Text("id").ShouldBe(run.Segments[^1]);
        foreach (
            var path in (string[])
                ["", "external", "process/runs/getStatistics", $"{run}", $"{run}/getStatistics", $"{run}/activities"]
        )
        {
            ControlInformation(await GetAsync(path, "application/json;odata.metadata=none")).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Full_says_what_could_be_computed()
    {
        var run = await AddAsync(Run);
        var read = await GetAsync($"{run}?$expand=activities", "application/json;odata.metadata=full");

        read.EnumerateObject()
            .Select(m => m.Name)
            .ShouldBe([
                "@odata.context",
                "@odata.type",
                "@odata.id",
                "@odata.etag",
                "@odata.editLink",
                "id",
                "displayName",
                "startDateTime@odata.type",
                "startDateTime",
                "endDateTime",
                "status@odata.type",
                "status",
                "statistics",
                "blockingError",
                "createdDateTime@odata.type",
                "createdDateTime",
                "lastModifiedDateTime@odata.type",
                "lastModifiedDateTime",
                "activities@odata.associationLink",
                "activities@odata.navigationLink",
                "activities",
                "#microsoft.graph.industryData.getStatistics",
            ]);
        read.Text("@odata.type").ShouldBe("#microsoft.graph.industryData.industryDataRun");
        read.Text("@odata.id").ShouldBe($"{run}");
        read.Text("@odata.editLink").ShouldBe($"{run}");
        read.Text("startDateTime@odata.type").ShouldBe("#DateTimeOffset");
        read.Text("status@odata.type").ShouldBe("#microsoft.graph.industryData.industryDataRunStatus");
        read.Text("activities@odata.navigationLink").ShouldBe($"{run}/activities");
        read.Text("activities@odata.associationLink").ShouldBe($"{run}/activities/$ref");
        var statistics = read.GetProperty("statistics");
        statistics.Text("@odata.type").ShouldBe("#microsoft.graph.industryData.industryDataRunStatistics");
        statistics.GetProperty("rows").GetRawText().ShouldBe("12345678901234567890");
        statistics.GetProperty("rate").GetRawText().ShouldBe("1.50");
        var totals = statistics.GetProperty("inboundTotals");
        totals.Text("errors@odata.type").ShouldBe("#Int64");
        totals.TryGetProperty("people@odata.type", out _).ShouldBeFalse();
        totals
            .Text("matchedPeopleByRole@odata.type")
            .ShouldBe("#Collection(microsoft.graph.industryData.industryDataRunRoleCountMetric)");
        statistics
            .GetProperty("activityStatistics")[0]
            .Text("@odata.type")
            .ShouldBe("#microsoft.graph.industryData.inboundActivityResults");

        var activity = read.GetProperty("activities")[0];
        activity.Text("@odata.type").ShouldBe("#microsoft.graph.industryData.inboundFlowActivity");
        activity.Text("@odata.editLink").ShouldBe($"{run}/activities/{activity.Text("id")}");
        (await Client.GetJsonAsync(new Uri(activity.Text("@odata.id")))).Text("id").ShouldBe(activity.Text("id"));
        (
            await Client.GetJsonAsync(
                new Uri(read.GetProperty("#microsoft.graph.industryData.getStatistics").Text("target"))
            )
        )
            .Text("runId")
            .ShouldBe(read.Text("id"));
        read.GetProperty("#microsoft.graph.industryData.getStatistics").Text("title").ShouldBe("getStatistics");
    }

    [Fact]
    public async Task Full_says_where_everything_is_at_the_address_that_was_used()
    {
        await AddAsync(Run);
        var list = await GetAsync(
            "beta/external/industryData/runs?$count=true",
            "application/json;odata.metadata=full"
        );

        var runs = $"{Service.Root}beta/external/industryData/runs";
        list.EnumerateObject()
            .Select(m => m.Name)
            .ShouldBe([
                "@odata.context",
                "@odata.count",
                "#microsoft.graph.industryData.start",
                "#microsoft.graph.industryData.getStatistics",
                "#microsoft.graph.industryData.delta",
                "value",
            ]);
        list.GetProperty("#microsoft.graph.industryData.start")
            .Text("target")
            .ShouldBe($"{runs}/microsoft.graph.industryData.start");
        var run = list.GetProperty("value")[0];
        run.Text("@odata.id").ShouldBe($"{runs}/{run.Text("id")}");
        run.Text("activities@odata.navigationLink").ShouldBe($"{runs}/{run.Text("id")}/activities");

        var activities = await GetAsync(
            $"{run.Text("activities@odata.navigationLink")}",
            "application/json;odata.metadata=full"
        );
        activities
            .GetProperty("value")[0]
            .Text("@odata.id")
            .ShouldBe($"{runs}/{run.Text("id")}/activities/{activities.GetProperty("value")[0].Text("id")}");
        activities
            .GetProperty("value")[0]
            .GetProperty("activity")
            .Text("readinessStatus@odata.type")
            .ShouldBe("#microsoft.graph.industryData.readinessStatus");
        var selected = await GetAsync("process/runs?$select=status", "application/json;odata.metadata=full");
        selected.EnumerateObject().Select(m => m.Name).ShouldBe(["@odata.context", "value"]);
        selected
            .GetProperty("value")[0]
            .EnumerateObject()
            .Select(m => m.Name)
            .ShouldBe([
                "@odata.type",
                "@odata.id",
                "@odata.etag",
                "@odata.editLink",
                "id",
                "status@odata.type",
                "status",
            ]);
        var process = await GetAsync("process", "application/json;odata.metadata=full");
        process.Text("runs@odata.navigationLink").ShouldBe($"{Service.Root}process/runs");
        (await GetAsync("external", "application/json;odata.metadata=full"))
            .Text("industryData@odata.navigationLink")
            .ShouldBe($"{Service.Root}external/industryData");
    }

    [Fact]
    public async Task Numbers_of_64_bits_are_texts_for_those_who_ask()
    {
        const string accept = "application/json;odata.metadata=minimal;IEEE754Compatible=true";
        var run = await AddAsync(Run);
        (await GetAsync("process/runs?$count=true", accept)).Text("@odata.count").ShouldBe("1");
        (await GetAsync("process/runs/getStatistics", accept))
            .GetProperty("inboundTotals")
            .Text("errors")
            .ShouldBe("9007199254740991");

        foreach (
            var statistics in (JsonElement[])
                [
                    (await GetAsync($"{run}", accept)).GetProperty("statistics"),
                    await GetAsync($"{run}/getStatistics", accept),
                ]
        )
        {
            statistics.GetProperty("inboundTotals").Text("errors").ShouldBe("9007199254740991");
            statistics.GetProperty("inboundTotals").GetProperty("people").ValueKind.ShouldBe(JsonValueKind.Null);
            statistics.GetProperty("inboundTotals").GetProperty("matchedPeopleByRole")[0].Text("count").ShouldBe("3");
            statistics.GetProperty("activityStatistics")[0].Text("warnings").ShouldBe("2");
            statistics.GetProperty("activityStatistics")[0].GetProperty("people").Text("total").ShouldBe("5");
            statistics.GetProperty("rows").GetRawText().ShouldBe("12345678901234567890");
        }
    }

    [Fact]
    public async Task Minimal_is_the_same_whichever_way_it_is_written()
    {
        var run = await AddAsync(Run);
        foreach (
            var path in (string[])
                [
                    "process/runs?$select=*",
                    $"{run}?$expand=activities",
                    $"{run}/activities",
                    "process/runs/delta?$select=displayName",
                ]
        )
        {
            var asText = await GetAsync(path, "application/json;IEEE754Compatible=true;odata.metadata=minimal");
            asText
                .EnumerateObject()
                .Select(m => m.Name)
                .ShouldBe((await GetAsync(path)).EnumerateObject().Select(m => m.Name));
        }
    }

    [Fact]
    public async Task What_is_written_comes_back_in_the_format_that_is_asked_for()
    {
        using var added = await SendAsync(HttpMethod.Post, "process/runs", "application/json;odata.metadata=full", Run);
        (await added.JsonAsync()).Text("@odata.editLink").ShouldBe($"{added.Headers.Location}");
        using var patched = await SendAsync(
            HttpMethod.Patch,
            $"{added.Headers.Location}",
            "application/json;odata.metadata=none",
            """{"displayName":"b"}"""
        );
        ControlInformation(await patched.JsonAsync()).ShouldBeEmpty();
        using var activity = await SendAsync(
            HttpMethod.Post,
            $"{added.Headers.Location}/activities",
            "application/json;odata.metadata=full",
            """
            { "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity", "displayName": "in",
              "status": "inProgress" }
            """
        );
        (await activity.JsonAsync()).Text("@odata.id").ShouldBe($"{activity.Headers.Location}");
    }

    [Fact]
    public async Task What_cannot_be_answered_as_asked_for_is_not_stored()
    {
        (await SendAsync(HttpMethod.Post, "process/runs", "application/xml", Run)).StatusCode.ShouldBe(
            HttpStatusCode.NotAcceptable
        );
        (
            await SendAsync(HttpMethod.Post, "process/runs/$ref", "application/xml", Run, "return=representation")
        ).StatusCode.ShouldBe(HttpStatusCode.NotAcceptable);
        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(0);

        (await SendAsync(HttpMethod.Post, "process/runs/$ref", "application/xml", Run)).StatusCode.ShouldBe(
            HttpStatusCode.NoContent
        );
        (
            await SendAsync(HttpMethod.Post, "process/runs", "application/xml", Run, "return=minimal")
        ).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await SendAsync(HttpMethod.Post, "process/runs/start", "application/xml")).StatusCode.ShouldBe(
            HttpStatusCode.Accepted
        );
    }

    [Fact]
    public async Task Without_control_information_changes_cannot_be_followed()
    {
        using var response = await SendAsync(
            HttpMethod.Get,
            "process/runs/delta",
            "application/json;odata.metadata=none"
        );

        response.StatusCode.ShouldBe(HttpStatusCode.NotAcceptable);
        (await GetAsync("process/runs/delta?$format=application/json;odata.metadata=full"))
            .Text("@odata.deltaLink")
            .ShouldContain("$format=");
    }

    [Theory]
    [InlineData("process/runs", "#process/runs")]
    [InlineData("external/industryData/runs", "#external/industryData/runs")]
    [InlineData("process/runs?$select=id,status", "#process/runs(id,status)")]
    [InlineData("process/runs?$expand=activities", "#process/runs(activities())")]
    [InlineData("process/runs?$select=id&$expand=activities", "#process/runs(id,activities())")]
    [InlineData("process/runs/{0}", "#process/runs/$entity")]
    [InlineData("process/runs/{0}?$select=status", "#process/runs(status)/$entity")]
    [InlineData("process/runs/{0}?$expand=*", "#process/runs(activities())/$entity")]
    [InlineData("process/runs/{0}?$select=*&$expand=activities", "#process/runs(activities())/$entity")]
    [InlineData("process/runs/{0}/activities", "#process/runs('{0}')/activities")]
    [InlineData("process/runs/{0}/activities/$ref", "#Collection($ref)")]
    [InlineData("process/runs('{0}')/activities/{1}", "#process/runs('{0}')/activities/$entity")]
    [InlineData("process/runs/{0}/getStatistics", "#microsoft.graph.industryData.industryDataRunStatistics")]
    [InlineData("process/runs/getStatistics()", "#microsoft.graph.industryData.industryDataRunStatistics")]
    [InlineData("process/runs/delta", "#process/runs/$delta")]
    [InlineData("process", "#process")]
    [InlineData("external", "#external")]
    [InlineData("external/industryData", "#external/industryData/$entity")]
    [InlineData("", "")]
    public async Task The_context_says_what_the_payload_is(string path, string fragment)
    {
        var run = await AddAsync(Run);
        var id = run.Segments[^1];
        var activity = (await Client.GetJsonAsync(new Uri($"{run}/activities"))).GetProperty("value")[0].Text("id");
        var payload = await GetAsync(string.Format(null, path, id, activity));

        payload.EnumerateObject().First().Name.ShouldBe("@odata.context");
        payload.Text("@odata.context").ShouldBe($"{Service.Root}$metadata{string.Format(null, fragment, id)}");
        var full = await GetAsync(string.Format(null, path, id, activity), "application/json;odata.metadata=full");
        full.EnumerateObject().First().Name.ShouldBe("@odata.context");
        full.Text("@odata.context").ShouldBe(payload.Text("@odata.context"));
    }

    [Theory]
    [InlineData("process/runs", "include-unknown-enum-members", "include-unknown-enum-members")]
    [InlineData(
        "process/runs",
        "odata.maxpagesize=7, Include-Unknown-Enum-Members",
        "odata.maxpagesize=7, include-unknown-enum-members"
    )]
    [InlineData("process/runs", "include-unknown-enum-members; x=1", "include-unknown-enum-members")]
    [InlineData("process/runs", "include-unknown", null)]
    [InlineData("process/runs/getStatistics", "include-unknown-enum-members", "include-unknown-enum-members")]
    [InlineData("process/runs/$count", "include-unknown-enum-members", null)]
    [InlineData("", "include-unknown-enum-members", null)]
    public async Task The_wish_for_unknown_members_is_met(string path, string prefer, string? applied)
    {
        await AddAsync(Run);
        using var response = await SendAsync(HttpMethod.Get, path, null, prefer: prefer);

        (response.Headers.TryGetValues("Preference-Applied", out var values) ? values.Single() : null).ShouldBe(
            applied
        );
    }

    [Fact]
    public async Task Wishes_are_met_in_one_header()
    {
        using var response = await SendAsync(
            HttpMethod.Post,
            "process/runs",
            null,
            Run,
            "include-unknown-enum-members, return=representation"
        );

        response
            .Headers.GetValues("Preference-Applied")
            .ShouldBe(["return=representation, include-unknown-enum-members"]);
    }

    [Theory]
    [InlineData("eq 'unknownFutureValue'", 0)]
    [InlineData("ge 'unknownFutureValue'", 0)]
    [InlineData("gt 'unknownFutureValue'", 0)]
    [InlineData("lt 'unknownFutureValue'", 2)]
    [InlineData("ne 'unknownFutureValue'", 2)]
    public async Task The_sentinel_stands_above_every_status_that_there_is(string condition, int count)
    {
        await AddAsync(Run);
        await AddAsync(Bodies.Run);
        foreach (var prefer in (string?[])[null, "include-unknown-enum-members"])
        {
            using var response = await SendAsync(
                HttpMethod.Get,
                $"process/runs?$filter=status {condition}",
                null,
                prefer: prefer
            );
            (await response.JsonAsync()).GetProperty("value").GetArrayLength().ShouldBe(count);
        }
    }

    private static IEnumerable<string> ControlInformation(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => value
                .EnumerateObject()
                .SelectMany(m =>
                    ControlInformation(m.Value).Concat(m.Name.Contains('@') || m.Name.StartsWith('#') ? [m.Name] : [])
                ),
            JsonValueKind.Array => value.EnumerateArray().SelectMany(ControlInformation),
            _ => [],
        };

    private async Task<JsonElement> GetAsync(string path, string? accept = null)
    {
        using var response = await SendAsync(HttpMethod.Get, path, accept);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync(Cancellation));
        return await response.JsonAsync();
    }

    private Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        string? accept,
        string? body = null,
        string? prefer = null
    )
    {
        var request = new HttpRequestMessage(method, path) { Content = body is null ? null : Bodies.Json(body) };
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        if (prefer is not null)
        {
            request.Headers.TryAddWithoutValidation("Prefer", prefer);
        }

        return Client.SendAsync(request, Cancellation);
    }
}
