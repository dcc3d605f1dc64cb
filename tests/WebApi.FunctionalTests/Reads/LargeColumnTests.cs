using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>
/// Tests that a page reads little more from the database than it shows, even if the data that it does not show is
/// large.
/// </summary>
[Collection(typeof(SerialTests))]
public sealed class LargeColumnTests(TestDatabase database) : FunctionalTest(database)
{
    private const int Mebibyte = 1024 * 1024;

    // The data in transit when a query is canceled, in bytes: the buffers of the server socket, of the client socket
    // and of Npgsql.
    private const int OnTheWay = 4 * Mebibyte;

    [Theory]
    [InlineData("process/runs?$top=1000&$select=id")]
    [InlineData("process/runs?$top=1000&$select=status&$orderby=displayName")]
    [InlineData("process/runs/delta?$top=1000&$select=status")]
    public async Task Blocking_errors_that_are_not_shown_are_not_read(string path)
    {
        await InsertRunsAsync(1001, 60_000);

        var (page, _, moved) = await ReadAsync(path);

        page.GetProperty("value").GetArrayLength().ShouldBe(1000);
        moved.ShouldBeLessThan(Mebibyte / 2);
    }

    [Theory]
    [InlineData("process/runs?$top=1000")]
    [InlineData("process/runs?$top=1000&$select=statistics")]
    [InlineData("process/runs?$top=1000&$select=statistics,blockingError&$filter=displayName ne 'x'")]
    [InlineData("process/runs?$top=1000&$orderby=displayName")]
    [InlineData("process/runs/delta?$top=1000")]
    public async Task A_page_that_ends_early_leaves_the_rest_in_the_database(string path)
    {
        await InsertRunsAsync(1001, 60_000);

        var (page, length, moved) = await ReadAsync(path);

        page.TryGetProperty("@odata.nextLink", out _).ShouldBeTrue();
        length.ShouldBeInRange(3 * Mebibyte, 5 * Mebibyte);
        moved.ShouldBeLessThan((2 * length) + OnTheWay);
    }

    /// <summary>After the first portion, many more small runs are expected.</summary>
    [Fact]
    public async Task Runs_that_grow_suddenly_do_not_move_the_rest()
    {
        await InsertRunsAsync(900, 60_000);
        await InsertRunsAsync(101, 10, year: 2027);

        var (page, length, moved) = await ReadAsync("process/runs?$top=1000");

        page.GetProperty("value").GetArrayLength().ShouldBeInRange(140, 200);
        moved.ShouldBeLessThan((2 * length) + OnTheWay);
    }

    /// <summary>Ten runs have 8 MB of activities each.</summary>
    [Fact]
    public async Task Activities_are_read_as_far_as_the_page_goes_and_the_rest_is_linked()
    {
        await InsertRunsAsync(10, 10);
        await InsertActivitiesAsync(1000, 8_000);

        var (page, length, moved) = await ReadAsync("process/runs?$expand=activities");
        length.ShouldBeInRange(3 * Mebibyte, 5 * Mebibyte);
        moved.ShouldBeLessThan((2 * length) + OnTheWay);
        page.GetProperty("value").GetArrayLength().ShouldBe(1);
        var (next, _, _) = await ReadAsync(page.Text("@odata.nextLink"));
        next.GetProperty("value")[0].Text("id").ShouldNotBe(page.GetProperty("value")[0].Text("id"));

        var run = page.GetProperty("value")[0];
        var (single, _, _) = await ReadAsync($"process/runs/{run.Text("id")}?$expand=activities");
        foreach (var expanded in (JsonElement[])[run, single])
        {
            var seen = Ids(expanded.GetProperty("activities"));
            (await FollowAsync(expanded.Text("activities@odata.nextLink"), seen)).ShouldBe(1000);
            seen.ShouldBe(seen.Order(StringComparer.Ordinal));
            seen.Distinct().Count().ShouldBe(1000);
        }
    }

    [Fact]
    public async Task A_page_of_large_activities_ends_early_and_the_next_goes_on()
    {
        await InsertRunsAsync(1, 10);
        await InsertActivitiesAsync(1000, 8_000);
        var id = (await Client.GetJsonAsync(new Uri(Service.Root, "process/runs"))).GetProperty("value")[0].Text("id");

        var (page, length, moved) = await ReadAsync($"process/runs/{id}/activities?$top=1000&$count=true");

        page.GetProperty("@odata.count").GetInt32().ShouldBe(1000);
        length.ShouldBeInRange(3 * Mebibyte, 5 * Mebibyte);
        moved.ShouldBeLessThan((2 * length) + OnTheWay);
        var seen = Ids(page.GetProperty("value"));
        (await FollowAsync(page.Text("@odata.nextLink"), seen)).ShouldBe(1000);
        seen.Distinct().Count().ShouldBe(1000);
    }

    private static List<string> Ids(JsonElement items) => [.. items.EnumerateArray().Select(a => a.Text("id"))];

    private async Task<int> FollowAsync(string? link, List<string> seen)
    {
        while (link is not null)
        {
            var page = await Client.GetJsonAsync(new Uri(link));
            seen.AddRange(Ids(page.GetProperty("value")));
            link = page.TryGetProperty("@odata.nextLink", out var next) ? next.GetString() : null;
        }

        return seen.Count;
    }

    private async Task<(JsonElement Page, long Length, long Moved)> ReadAsync(string path)
    {
        // Makes sure that the connections and statements exist before the measurement.
        await Client.GetJsonAsync(new Uri(Service.Root, "process/runs?$top=1"));
        using var bytes = new BytesRead();
        using var response = await Client.GetAsync(new Uri(Service.Root, path), Cancellation);
        var page = await response.JsonAsync();
        response.IsSuccessStatusCode.ShouldBeTrue(page.GetRawText()[..Math.Min(500, page.GetRawText().Length)]);

        // Canceled queries end in the background.
        await Poll.UntilAsync(
            async () =>
                await Database.ReadAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'IndustryData' "
                        + "AND state <> 'idle' AND datname = current_database()"
                ) == 0,
            "The end of the queries"
        );

        var length = response.Content.Headers.ContentLength!.Value;
        bytes.Total.ShouldBeGreaterThan(length / 2);
        return (page, length, bytes.Total);
    }

    private Task InsertRunsAsync(int count, int size, int year = 2026) =>
        TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, blocking_error, created_date_time,
                last_modified_date_time, version, statistics, change_number)
            SELECT '{{Tokens.Tenant}}', gen_random_uuid(), 'run ' || n,
                '{{year}}-01-01'::timestamptz + n * interval '1 minute', 1, large, now(), now(), 1, large, change.number
            FROM generate_series(1, {{count}}) AS n,
                (SELECT ('{"message":"' || repeat('x', {{size}}) || '"}')::json AS large) AS l,
                {{Database.NextChange(Tokens.Tenant)}}
            """
        );

    private Task InsertActivitiesAsync(int count, int size) =>
        TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            $$"""
            INSERT INTO run_activities (tenant_id, run_id, id, type, display_name, status, blocking_error)
            SELECT tenant_id, id, gen_random_uuid(), 0, 'a', 0, ('{"message":"' || repeat('x', {{size}}) || '"}')::json
            FROM runs, generate_series(1, {{count}})
            """
        );
}
