using System.Net;
using System.Text.Json;
using CsCheck;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.OData;

public sealed class QueryOptionTests(SharedRuns runs, ITestOutputHelper output) : IClassFixture<SharedRuns>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("displayName desc,startDateTime asc")]
    [InlineData("status,endDateTime desc")]
    [InlineData("status desc,endDateTime,displayName desc")]
    [InlineData("endDateTime,status desc,startDateTime")]
    [InlineData("status,id desc")]
    [InlineData("status asc, displayName asc")]
    public async Task Several_keys_order_and_page_by_each_in_its_direction(string order)
    {
        var keys = order
            .Split(',', StringSplitOptions.TrimEntries)
            .Select(k => (Path: k.Split(' ')[0], IsDescending: k.EndsWith("desc", StringComparison.Ordinal)))
            .ToList();
        keys.Add(("id", keys[^1].IsDescending));
        var expected = runs.All.Order(
            Comparer<StoredRun>.Create(
                (a, b) =>
                    keys.Select(k => StoredRun.Compare(a[k.Path], b[k.Path]) * (k.IsDescending ? -1 : 1))
                        .FirstOrDefault(c => c != 0)
            )
        );

        (await PagedAsync($"$orderby={order}&$top=167")).ShouldBe(expected.Select(r => r.Id));
    }

    [Theory]
    [InlineData("id,status", "(id,status)", "@odata.etag id status")]
    [InlineData("displayName", "(displayName)", "@odata.etag id displayName")]
    [InlineData(
        "statistics, endDateTime,statistics",
        "(statistics,endDateTime)",
        "@odata.etag id endDateTime statistics"
    )]
    [InlineData(
        "*",
        "",
        "@odata.etag id displayName startDateTime endDateTime status statistics blockingError createdDateTime "
            + "lastModifiedDateTime"
    )]
    public async Task Select_shows_what_is_asked_for(string select, string context, string members)
    {
        var list = await GetAsync($"?$select={select}&$top=1");
        list.Text("@odata.context").ShouldBe($"{runs.Service.Root}$metadata#process/runs{context}");
        list.GetProperty("value")[0].EnumerateObject().Select(m => m.Name).ShouldBe(members.Split(' '));

        var run = await GetAsync($"/{list.GetProperty("value")[0].Text("id")}?$select={select}");
        run.Text("@odata.context").ShouldBe($"{runs.Service.Root}$metadata#process/runs{context}/$entity");
        run.EnumerateObject().Skip(1).Select(m => m.Name).ShouldBe(members.Split(' '));
    }

    [Fact]
    public async Task Count_counts_what_is_selected_on_every_page_and_whatever_is_skipped()
    {
        var failed = runs.All.Count(r => r["status"] is StoredRun.Status { Number: 1 });
        foreach (
            var query in (string[])
                ["$top=5", "$top=0", "$skip=7&top=1", "$skip=99999999999999999999", "$orderby=status"]
        )
        {
            (await GetAsync($"?$count=true&$filter=status eq 'failed'&{query}"))
                .GetProperty("@odata.count")
                .GetInt32()
                .ShouldBe(failed);
        }

        (await GetAsync("?$count=false")).TryGetProperty("@odata.count", out _).ShouldBeFalse();
        using var count = await runs.Service.Client.GetAsync(
            "process/runs/$count?$filter=status eq 'failed'",
            Cancellation
        );
        count.Content.Headers.ContentType!.ToString().ShouldBe("text/plain");
        (await count.Content.ReadAsStringAsync(Cancellation)).ShouldBe($"{failed}");
        using var request = new HttpRequestMessage(HttpMethod.Get, "external/industryData/runs/$count?$search=staff")
        {
            Headers = { { "Accept", "text/plain;q=0.9" } },
        };
        using var found = await runs.Service.Client.SendAsync(request, Cancellation);
        (await found.Content.ReadAsStringAsync(Cancellation)).ShouldBe(
            $"{runs.All.Count(r => ((string)r["displayName"]!).Contains("staff", StringComparison.OrdinalIgnoreCase))}"
        );
    }

    [Theory]
    [InlineData("sync staff", "Staff sync")]
    [InlineData("STAFF AND fabrikam", "Staff sync (Fabrikam)")]
    [InlineData("\"staff sync\"", "Staff sync")]
    [InlineData("élèves LYON", "Élèves – académie de Lyon")]
    [InlineData("バッチ", "成績連携 夜間バッチ")]
    [InlineData("100% _SURE_", "100% _sure_")]
    [InlineData("\"it's \\\"quoted\\\",\"", "it's \"quoted\",")]
    [InlineData("STRASSE", "straße")]
    [InlineData("σίσυφοσ", "ΣΊΣΥΦΟΣ")]
    [InlineData("Σίσυφος", "ΣΊΣΥΦΟΣ")]
    public async Task Search_finds_all_words_in_any_case(string search, string inName)
    {
        var page = await GetAsync($"?$search={Uri.EscapeDataString(search)}&$count=true&$select=displayName");
        var expected = runs.All.Count(r => ((string)r["displayName"]!).Contains(inName, StringComparison.Ordinal));

        page.GetProperty("@odata.count").GetInt32().ShouldBe(expected);
        expected.ShouldBePositive();
        page.GetProperty("value")
            .EnumerateArray()
            .Select(r => r.Text("displayName"))
            .ShouldAllBe(n => n.Contains(inName));
    }

    [Fact]
    public async Task Skip_leaves_out_the_first_runs_of_the_first_page_alone()
    {
        var all = await runs.IdsAsync("$orderby=endDateTime");

        (await PagedAsync("$orderby=endDateTime&$skip=150&$top=400")).ShouldBe(all.Skip(150));
        (await GetAsync("?$skip=5&$top=1")).Text("@odata.nextLink").ShouldNotContain("skip=5");
    }

    [Theory]
    [InlineData("odata.maxpagesize=7", "", 7, "odata.maxpagesize=7")]
    [InlineData("return=minimal, maxpagesize=\"7\"", "$top=20", 7, "odata.maxpagesize=7")]
    [InlineData("odata.maxpagesize=7", "$top=3", 3, "odata.maxpagesize=7")]
    [InlineData("odata.maxpagesize=5000", "$top=1000", 1000, "odata.maxpagesize=1000")]
    [InlineData("odata.maxpagesize=0", "", 100, null)]
    [InlineData("odata.maxpagesize=many", "", 100, null)]
    public async Task The_preferred_page_size_is_kept_to(string prefer, string query, int size, string? applied)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"process/runs?{query}")
        {
            Headers = { { "Prefer", prefer } },
        };
        using var response = await runs.Service.Client.SendAsync(request, Cancellation);

        (await response.JsonAsync()).GetProperty("value").GetArrayLength().ShouldBe(size);
        (response.Headers.TryGetValues("Preference-Applied", out var values) ? values.Single() : null).ShouldBe(
            applied
        );
    }

    [Fact]
    public async Task The_next_link_keeps_the_options_and_a_token_serves_no_others()
    {
        var link = (
            await GetAsync("?FILTER=displayName ne 'a%26b%2B%23%20''c'&orderBy=status&select=id&top=5&count=true")
        ).Text("@odata.nextLink");

        link.ShouldStartWith(
            $"{runs.Service.Root}process/runs?$filter=displayName%20ne%20'a%26b%2B%23%20''c'&$orderby=status&$select=id"
                + "&$top=5&$count=true&$skiptoken="
        );
        (await runs.Service.Client.GetAsync(new Uri(link), Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (
            var (from, to) in ((string, string)[])
                [
                    ("=status", "=displayName"),
                    ("=status", "=status%20desc"),
                    ("%20ne%20", "%20eq%20"),
                    ("$top=5", "$top=6"),
                    ("&$count=true", ""),
                    ("$count", "$skip=1&$count"),
                ]
        )
        {
            using var response = await runs.Service.Client.GetAsync(
                new Uri(link.Replace(from, to, StringComparison.Ordinal)),
                Cancellation
            );
            response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
            (await response.JsonAsync()).Cause().ShouldBe("invalidSkipToken");
        }
    }

    [Theory]
    [InlineData("$filter=statuss eq 'failed'", "Did you mean status")]
    [InlineData("$filter=DisplayName eq 'x'", "Did you mean displayName")]
    [InlineData("$filter=status eq 'Failed'", "the statuses are running, failed")]
    [InlineData("$filter=status in ('done')", "'done' is no status")]
    [InlineData("$filter=true andd true", "Did you mean and")]
    [InlineData("$filter=status = 'failed'", "$filter")]
    [InlineData("$filter=displayName eq \"x\"", "single quotes")]
    [InlineData("$filter=displayName eq 'x", "unterminated")]
    [InlineData("$filter=id eq 01a20979-bf10-7540-85f7-4aec14518420", "single quotes")]
    [InlineData("$filter=startDateTime gt 2026-01-01", "2026-01-01T00:00:00Z")]
    [InlineData("$filter=startDateTime gt 2026-01-01T00:00:00", "needs an offset")]
    [InlineData("$filter=startDateTime gt '2026-01-01T00:00:00Z'", "without quotes")]
    [InlineData("$filter=startDateTime gt now()", "now is not offered")]
    [InlineData("$filter=toupper(displayName) eq 'X'", "use tolower")]
    [InlineData("$filter=length(displayName) gt 3", "length is not offered")]
    [InlineData("$filter=statistics/inboundTotals/people add 1 gt 3", "add is not offered")]
    [InlineData("$filter=displayName has 'x'", "$filter")]
    [InlineData("$filter=statistics/rows gt 3", "statistics/rows cannot be filtered by")]
    [InlineData("$filter=statistics eq null", "statistics cannot be filtered by")]
    [InlineData("$filter=statistics/inboundTotals/peeple gt 3", "Did you mean people")]
    [InlineData("$filter=blockingError eq blockingError", "only be compared with null")]
    [InlineData("$filter=blockingError in (null)", "blockingError")]
    [InlineData("$filter=blockingError/innerError/code eq 'x'", "blockingError/innerError/code cannot be filtered by")]
    [InlineData("$filter=activities/any(a:a/displayName eq 'x')", "any and all are not offered")]
    [InlineData("$filter=contains(displayName,'x') eq true", "leave 'eq true' out")]
    [InlineData("$filter=displayName eq @p", "parameter aliases")]
    [InlineData("$filter=displayName in ('a',,'b')", "an empty place")]
    [InlineData("$filter=displayName in (a)", "a in the list of 'in'")]
    [InlineData("$filter=displayName in ['a']", "in parentheses")]
    [InlineData("$filter=statistics/inboundTotals/people in ('1')", "statistics/inboundTotals/people")]
    [InlineData("$filter=null", "a condition is missing")]
    [InlineData("$filter=", "the value is empty")]
    [InlineData("$filter=%20", "the value is empty")]
    [InlineData("$filter=displayName eq 'a%00'", "U+0000")]
    [InlineData("$filter=cast(displayName,Edm.String) eq 'x'", "cast is not offered")]
    [InlineData("$orderby=statistics/inboundTotals/people", "runs are ordered by")]
    [InlineData("$orderby=blockingError", "$orderby")]
    [InlineData("$orderby=tolower(displayName)", "runs are ordered by")]
    [InlineData("$orderby=status descending", "$orderby")]
    [InlineData("$orderby=stratDateTime", "Did you mean startDateTime")]
    [InlineData("$orderby=", "the value is empty")]
    [InlineData("$select=Status", "Did you mean status")]
    [InlineData("$select=statistics/inboundTotals", "select statistics as a whole")]
    [InlineData("$select=activities", "activities")]
    [InlineData("$select=id,,status", "a name is empty")]
    [InlineData("$search=a OR b", "OR is not offered")]
    [InlineData("$search=NOT a", "NOT is not offered")]
    [InlineData("$search=\"a", "quotes must come in pairs")]
    [InlineData("$search=", "the value has no word")]
    [InlineData("$filter=1 in ('a')", "a property must stand before 'in'")]
    [InlineData("$filter=2026-01-01T00:00:00Z in ('a')", "a property must stand before 'in'")]
    [InlineData("$search=staff AND", "AND must stand between two words")]
    [InlineData("$search=AND staff", "AND must stand between two words")]
    [InlineData("$search=a AND AND b", "AND must stand between two words")]
    [InlineData("$skip=-1", "$skip must be a whole number")]
    [InlineData("$count=yes", "$count must be true or false")]
    [InlineData("$expand=inboundFlows", "nothing to expand but activities")]
    [InlineData("$compute=1 as x", "This path takes $filter")]
    [InlineData("$filter=true&filter=true", "more than once")]
    public async Task What_is_not_offered_is_refused_by_name_with_what_may_be_meant(string query, string reason)
    {
        using var response = await runs.Service.Client.GetAsync($"process/runs?{query}", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync()).GetProperty("error").Text("message").ShouldContain(reason, Case.Sensitive);
    }

    [Theory]
    [InlineData("process/runs/$count?$top=1", "$top")]
    [InlineData("process/runs/$count?$filter=statuss eq 'failed'", "status")]
    [InlineData("process/runs/getStatistics?$select=runId", "$select")]
    [InlineData("process/runs/getStatistics()?$filter=nonsense", "nonsense")]
    [InlineData("process/runs/01900000-0000-7000-8000-000000000000?$filter=true", "$filter")]
    [InlineData("process/runs/01900000-0000-7000-8000-000000000000?$select=x", "$select")]
    [InlineData("$metadata?$filter=true", "$filter")]
    public async Task Other_paths_refuse_by_name_too(string path, string reason)
    {
        using var response = await runs.Service.Client.GetAsync(path, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync()).GetProperty("error").Text("message").ShouldContain(reason);
    }

    [Fact]
    public async Task No_mutated_query_is_a_failure_of_the_service()
    {
        var queries = (string[])
            [
                "$filter=status in ('failed','running') and not contains(tolower(displayName),'é') "
                    + "or (statistics/inboundTotals/people gt 5.5)",
                "$filter=startDateTime ge 2026-10-01T00:00:00+02:00 and blockingError/code eq null"
                    + "&$orderby=endDateTime desc,displayName",
                "$search=\"staff sync\" AND x&$select=id,statistics&$count=true&$skip=3&$top=2",
                "$filter=id eq '01a20979-bf10-7540-85f7-4aec14518420' or endDateTime in (null,2026-10-01T00:00:00Z)"
                    + "&$skiptoken=AAAA",
            ];
        string[] pieces =
        [
            "'",
            "''",
            "(",
            ")",
            " ",
            ",",
            "/",
            "null",
            "NaN",
            "-INF",
            "9e999",
            "'%00'",
            "%F0%9F%99%82",
            "%ff",
            "%",
            "&",
            "=",
            "$it",
            "@p",
            "in ()",
            "not ",
            "\\",
            "\"",
            "[",
            "{",
            "}",
            ":",
            ";",
            "0001-01-01T00:00:00+14:00",
            "-",
            "duration'P1D'",
            "any(x:x)",
            "$count",
            "cast(",
        ];
        var mutated = Gen.Select(
            Gen.Int[0, queries.Length - 1],
            Gen.Select(Gen.Int[0, 200], Gen.Int[0, 6], Gen.Int[0, pieces.Length - 1]).Array[1, 3],
            (query, changes) =>
                changes.Aggregate(
                    queries[query],
                    (text, change) =>
                    {
                        var at = Math.Min(change.Item1, text.Length);
                        return text[..at] + pieces[change.Item3] + text[Math.Min(at + change.Item2, text.Length)..];
                    }
                )
        );
        var answered = new Dictionary<HttpStatusCode, int>();
        await mutated.SampleAsync(
            async query =>
            {
                using var response = await runs.Service.Client.GetAsync($"process/runs?{query}", Cancellation);
                response.StatusCode.ShouldBeOneOf(
                    [HttpStatusCode.OK, HttpStatusCode.BadRequest],
                    $"{query}: {await response.Content.ReadAsStringAsync(Cancellation)}"
                );
                answered[response.StatusCode] = answered.GetValueOrDefault(response.StatusCode) + 1;
            },
            seed: Environment.GetEnvironmentVariable("CsCheck_Seed"),
            iter: 500,
            threads: 1,
            print: query => query
        );
        output.WriteLine(JsonSerializer.Serialize(answered));
    }

    private Task<JsonElement> GetAsync(string rest) =>
        runs.Service.Client.GetJsonAsync(new Uri(runs.Service.Root, $"process/runs{rest}"));

    private async Task<List<string>> PagedAsync(string query)
    {
        var ids = new List<string>();
        Uri? next = new(runs.Service.Root, $"process/runs?$select=id&{query}");
        while (next is not null)
        {
            var page = await runs.Service.Client.GetJsonAsync(next);
            ids.AddRange(page.GetProperty("value").EnumerateArray().Select(r => r.Text("id")));
            next = page.TryGetProperty("@odata.nextLink", out var link) ? new Uri(link.GetString()!) : null;
        }

        return ids;
    }
}
