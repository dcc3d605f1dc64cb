using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.OData;

public sealed class PagingTests(TestDatabase database) : FunctionalTest(database)
{
    private const int There = 10_000;

    public static TheoryData<string> Orders =>
        [
            .. from key in (string[])
                ["displayName", "startDateTime", "endDateTime", "status", "createdDateTime", "lastModifiedDateTime"]
            from direction in (string[])["asc", "desc"]
            select $"{key} {direction}",
            "status desc,endDateTime asc",
        ];

    /// <summary>Many runs share each key, so that pages end among equal keys.</summary>
    [Theory]
    [MemberData(nameof(Orders))]
    public async Task No_run_that_was_there_throughout_is_missed_or_seen_twice(string order)
    {
        await InsertAsync(There, "there");
        await InsertAsync(300, "goes");
        using var end = new CancellationTokenSource();
        var others = Task.Run(() => InsertAndDeleteAsync(end.Token), Cancellation);

        var seen = new List<string>();
        Uri? next = new(Service.Root, $"process/runs?$orderby={order}&$select=blockingError");
        while (next is not null)
        {
            var page = await Client.GetJsonAsync(next);
            seen.AddRange(
                page.GetProperty("value")
                    .EnumerateArray()
                    .Where(r => r.GetProperty("blockingError").Text("code") == "there")
                    .Select(r => r.Text("id"))
            );
            next = page.TryGetProperty("@odata.nextLink", out var link) ? new Uri(link.GetString()!) : null;
        }

        await end.CancelAsync();
        (await others).ShouldBePositive();
        seen.Count.ShouldBe(There);
        seen.Distinct().Count().ShouldBe(There);
    }

    /// <summary>150 runs of 60 KB each are 9 MB. A page holds about 4 MB.</summary>
    [Fact]
    public async Task A_page_ends_when_it_is_large_and_the_next_goes_on()
    {
        var large = $$$"""
            {"displayName":"large","startDateTime":"2026-01-01T00:00:00Z","status":"running",
             "statistics":{"text":"{{{new string('x', 60_000)}}}"} }
            """;
        for (var i = 0; i < 150; i++)
        {
            await AddAsync(large);
        }

        var (pages, seen) = (0, new List<string>());
        Uri? next = new(Service.Root, "process/runs?$top=1000&$select=statistics&$count=true");
        for (; next is not null; pages++)
        {
            using var response = await Client.GetAsync(next, Cancellation);
            response.Content.Headers.ContentLength!.Value.ShouldBeLessThan(5_000_000);
            var page = await response.JsonAsync();
            page.GetProperty("@odata.count").GetInt32().ShouldBe(150);
            seen.AddRange(page.GetProperty("value").EnumerateArray().Select(r => r.Text("id")));
            next = page.TryGetProperty("@odata.nextLink", out var link) ? new Uri(link.GetString()!) : null;
        }

        pages.ShouldBe(3);
        seen.Distinct().Count().ShouldBe(150);
    }

    /// <summary>
    /// Statistics are read in portions, because they can be large. Many small ones still make one page.
    /// </summary>
    [Theory]
    [MemberData(nameof(Orders))]
    public async Task A_page_of_many_with_their_statistics_is_the_page_without(string order)
    {
        await InsertAsync(300, "there");
        var query = $"process/runs?$top=290&$skip=5&$orderby={order}&$select=";
        var without = await Client.GetJsonAsync(new Uri(Service.Root, query + "id"));
        var with = await Client.GetJsonAsync(new Uri(Service.Root, query + "statistics"));

        with.GetProperty("value")
            .EnumerateArray()
            .ShouldAllBe(r => r.GetProperty("statistics").ValueKind == System.Text.Json.JsonValueKind.Object);
        with.GetProperty("value")
            .EnumerateArray()
            .Select(r => r.Text("id"))
            .ShouldBe(without.GetProperty("value").EnumerateArray().Select(r => r.Text("id")));
        without.GetProperty("value").GetArrayLength().ShouldBe(290);
    }

    // Simulates another client that adds and deletes runs while the pages are read, at both ends and in the middle of
    // the list.
    private async Task<int> InsertAndDeleteAsync(CancellationToken end)
    {
        using var client = Service.Authorized(Tokens.Make());
        var (come, rounds) = (new Queue<Uri>(), 0);
        var goes = await client.GetJsonAsync(
            new Uri(Service.Root, "process/runs?$filter=blockingError/code eq 'goes'&$select=id&$top=1000")
        );
        var going = new Queue<Uri>(
            goes.GetProperty("value")
                .EnumerateArray()
                .Select(r => new Uri(Service.Root, $"process/runs/{r.Text("id")}"))
        );
        for (; !end.IsCancellationRequested; rounds++)
        {
            var minute = Random.Shared.Next(60 * 200);
            var start = new DateTime(2026, 1, 1).AddMinutes(minute);
            come.Enqueue(
                await AddAsync(
                    $$$"""
                    {"displayName":"run {{{minute % 40}}}","startDateTime":"{{{start:s}}}Z","status":"running",
                     "statistics":{},"blockingError":{"code":"comes"} }
                    """,
                    client
                )
            );
            var gone =
                going.Count > 0 && rounds % 2 == 0 ? going.Dequeue()
                : come.Count > 20 ? come.Dequeue()
                : null;
            if (gone is not null)
            {
                using var deleted = await client.DeleteAsync(gone, Cancellation);
                deleted.StatusCode.ShouldBe(System.Net.HttpStatusCode.NoContent);
            }
        }

        return rounds;
    }

    [Theory]
    [InlineData("startDateTime desc", "ix_runs_tenant_id_start_date_time_id")]
    [InlineData("endDateTime asc", "ix_runs_tenant_id_end_date_time_id")]
    public async Task A_page_in_the_middle_is_found_by_the_index_alone(string order, string index)
    {
        Assert.SkipWhen(Database.IsDistributed, "The plan of the coordinator does not name the index of the node.");
        await InsertAsync(5000, "there");
        await TestDatabase.ExecuteAsync(
            Database.AsSuperuser(Database.ConnectionString),
            "ANALYZE runs; SELECT pg_stat_reset()"
        );
        var first = await Client.GetJsonAsync(new Uri(Service.Root, $"process/runs?$orderby={order}"));
        await Client.GetJsonAsync(new Uri(first.Text("@odata.nextLink")));

        // The statistics of the indexes appear when a session has been idle for a moment.
        await Poll.UntilAsync(
            async () =>
                await Database.ReadAsync<long>(
                    "SELECT coalesce(sum(idx_scan), 0)::bigint FROM pg_stat_user_indexes "
                        + $"JOIN pg_inherits ON inhrelid = indexrelid WHERE inhparent = '{index}'::regclass"
                ) > 0,
            $"A scan of {index}"
        );
    }

    private Task InsertAsync(int count, string code) =>
        TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, end_date_time, status, blocking_error,
                created_date_time, last_modified_date_time, version, statistics)
            SELECT '{{Tokens.Tenant}}', gen_random_uuid(), 'run ' || n % 40, moment,
                CASE WHEN n % 5 > 0 THEN moment END, n % 5, '{"code":"{{code}}"}', moment, moment, 1, '{}'
            FROM (SELECT (random() * 10000)::int AS n FROM generate_series(1, {{count}})) AS r,
                LATERAL (SELECT '2026-01-01'::timestamptz + n % 200 * interval '1 hour') AS m(moment)
            """
        );
}
