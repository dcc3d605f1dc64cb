using System.Net;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.OData;

public sealed class SumStatisticsTests(TestDatabase database) : FunctionalTest(database)
{
    [Theory]
    [InlineData("process/runs/getStatistics")]
    [InlineData("beta/process/runs/getStatistics()")]
    [InlineData("external/industryData/runs/microsoft.graph.industryData.getStatistics")]
    [InlineData("beta/external/industryData/runs/microsoft.graph.industryData.getStatistics()")]
    public async Task What_the_selected_runs_counted_is_added_up(string path)
    {
        await AddAsync(Run(1, """{"people":5,"errors":null,"groups":9007199254740991}"""));
        var newest = (await AddAsync(Run(3, """{"people":7,"groups":9007199254740991}"""))).Segments[^1];
        await AddAsync(Run(2, """{"warnings":0}"""));
        await AddAsync(Run(4, """{"people":1000,"errors":1}""", "other"));

        var sum = await Client.GetJsonAsync(
            new Uri(Service.Root, $"{path}?$filter=displayName eq 'mine'&$search=mine")
        );

        sum.Text("@odata.context").ShouldEndWith("$metadata#microsoft.graph.industryData.industryDataRunStatistics");
        JsonSerializer
            .Serialize(sum.EnumerateObject().Skip(1).ToDictionary(m => m.Name, m => m.Value))
            .ShouldBe(
                $$"""{"runId":"{{newest}}","status":"running","activityStatistics":[],"inboundTotals":"""
                    + """{"errors":null,"warnings":0,"groups":18014398509481982,"""
                    + "\"memberships\":null,\"organizations\":null,\"people\":12}}"
            );
    }

    [Fact]
    public async Task Without_runs_there_is_nothing_to_add_up()
    {
        await AddAsync(Run(1, "{}"));
        using var stranger = Service.Authorized(Tokens.Make(tid: Tokens.OtherTenant.ToString()));

        (
            await Client.GetAsync("process/runs/getStatistics?$filter=status eq 'failed'", Cancellation)
        ).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await stranger.GetAsync("process/runs/getStatistics", Cancellation)).StatusCode.ShouldBe(
            HttpStatusCode.NoContent
        );
    }

    [Fact]
    public async Task A_sum_that_no_count_can_be_is_refused()
    {
        await TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                last_modified_date_time, version, statistics, inbound_people)
            SELECT '{{Tokens.Tenant}}', gen_random_uuid(), 'x', now(), 0, now(), now(), 1, '{}', 9007199254740991
            FROM generate_series(1, 1025)
            """
        );
        using var response = await Client.GetAsync("process/runs/getStatistics", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync())
            .GetProperty("error")
            .Text("message")
            .ShouldContain("statistics/inboundTotals/people is above 9223372036854775807");
    }

    /// <summary>
    /// A query that waits for a lock stands for a query that takes too long. PostgreSQL cancels it, and nothing else is
    /// affected.
    /// </summary>
    [Fact]
    public async Task A_query_that_takes_too_long_is_cancelled_in_the_database()
    {
        await AddAsync(Run(1, "{}"));
        await using var service = await RunningService.StartAsync(
            Database.ConnectionString,
            ("Query:Timeout", "00:00:02")
        );
        (await service.Client.GetAsync("process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var hold = new NpgsqlCommand("LOCK TABLE runs", connection, transaction);
        await hold.ExecuteNonQueryAsync(Cancellation);

        foreach (
            var path in (string[])
                [
                    "process/runs",
                    "process/runs?$top=0&$count=true&$search=mine",
                    "process/runs/$count?$filter=displayName ne 'x'",
                    "process/runs/getStatistics",
                ]
        )
        {
            using var response = await service.Client.GetAsync(path, Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            response.Headers.RetryAfter.ShouldNotBeNull();
            (await response.JsonAsync()).Cause().ShouldBe("queryTimeout");
        }

        // The lock is held until after this. CancelRequestTests and SlowReadTests show who ends the statements. The
        // background service that counts runs by hour waits for the lock as well.
        await Poll.UntilAsync(
            async () =>
                await Database.ReadAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND wait_event_type = 'Lock' "
                        + "AND datname = current_database() AND query NOT LIKE '%run_hour_progress%'"
                ) == 0,
            "The end of the cancelled statements"
        );
        (await service.Client.GetAsync("health/ready", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await transaction.RollbackAsync(Cancellation);
        (await service.Client.GetAsync("process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static string Run(int minute, string totals, string name = "mine") =>
        $$"""
            {"displayName":"{{name}}","startDateTime":"2026-01-01T00:0{{minute}}:00Z","status":"running",
             "statistics":{"inboundTotals":{{totals}} } }
            """;
}
