using IndustryData.Infrastructure;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Distribution;

/// <summary>Tests the distribution of a ledger that has runs, and the maintenance of a distributed one.</summary>
public sealed class DistributedLedgerTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_from_before_the_distribution_are_there_after_it()
    {
        SkipOnOneServer();
        var own = await database.CreateDatabaseAsync();
        await DatabaseSchema.MigrateAsync(own, TimeSpan.FromSeconds(30), Cancellation);
        List<string> before = [];
        await using (var service = await RunningService.StartAsync(own, ("Database:Distributed", "false")))
        {
            for (var i = 0; i < 20; i++)
            {
                before.Add(await AddAsync(service));
            }
        }

        await DatabaseSchema.DistributeAsync(own, Cancellation);
        await using var distributed = await RunningService.StartAsync(own, ("Database:Distributed", "true"));

        (await ReadAsync(distributed, "process/runs?$count=true&$select=id")).ShouldBe(before, ignoreOrder: true);
        var delta = await distributed.Client.GetJsonAsync(new Uri(distributed.Root, "process/runs/delta?$select=id"));
        delta.GetProperty("value").GetArrayLength().ShouldBe(20);
        var added = await AddAsync(distributed);
        var link = delta.GetProperty("@odata.deltaLink").GetString()!;
        (await ReadAsync(distributed, link)).ShouldBe([added]);
    }

    [Fact]
    public async Task Maintenance_of_distributed_tables_creates_partitions_and_drops_expired_ones()
    {
        SkipOnOneServer();
        await using var service = await RunningService.StartAsync(
            database.ConnectionString,
            ("Retention:Months", "12"),
            ("Partitions:Width", "month")
        );
        // Retention drops nothing by a clock that is not that of the database.
        var now = service.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var kept = await AddAsync(service);
        await TestDatabase.ExecuteAsync(
            database.ConnectionString,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                last_modified_date_time, version, statistics)
            SELECT '{{Tokens.Tenant}}', overlay(gen_random_uuid()::text
                    PLACING left(uuid_v7_lower_bound('2024-02-03Z')::text, 14) FROM 1 FOR 14)::uuid,
                'old', '2024-02-03Z', 0, '2024-02-03Z', now(), 1, '{}'
            FROM generate_series(1, 30);
            INSERT INTO run_counts VALUES ('{{Tokens.Tenant}}', '2024-01-01', 0, 0, 30);
            """
        );
        var maintenance = service.Services.GetServices<IHostedService>().OfType<DatabaseMaintenanceService>().Single();

        await Poll.UntilAsync(
            () => maintenance.RunMaintenanceAsync(now, Cancellation),
            TimeSpan.FromSeconds(30),
            "Maintenance"
        );

        await Poll.UntilAsync(
            async () =>
                (await ReadAsync(service, "process/runs?$select=id")).SequenceEqual([kept])
                && await CountAsync(service) == 1,
            TimeSpan.FromSeconds(30),
            "Expired runs are detached and no longer counted"
        );
        await TestDatabase.ExecuteAsync(
            database.ConnectionString,
            "UPDATE expired_partitions SET detached_date_time = now() - interval '2 days'"
        );
        (await maintenance.RunMaintenanceAsync(now, Cancellation)).ShouldBeTrue();
        (await database.ReadAsync<bool>("SELECT to_regclass('runs_2024m02_expired') IS NULL")).ShouldBeTrue();
    }

    private void SkipOnOneServer() =>
        Assert.SkipUnless(database.IsDistributed, "INDUSTRYDATA_TEST_POSTGRES does not name a Citus cluster.");

    private static async Task<string> AddAsync(RunningService service)
    {
        using var added = await service.Client.PostAsync(
            "beta/process/runs/$ref",
            Bodies.Json(Bodies.Run),
            Cancellation
        );
        added.EnsureSuccessStatusCode();
        return added.Headers.Location!.Segments[^1];
    }

    private static async Task<List<string>> ReadAsync(RunningService service, string url)
    {
        var page = await service.Client.GetJsonAsync(new Uri(service.Root, url));
        return [.. page.GetProperty("value").EnumerateArray().Select(r => r.GetProperty("id").GetString()!)];
    }

    private static async Task<long> CountAsync(RunningService service)
    {
        var page = await service.Client.GetJsonAsync(new Uri(service.Root, "process/runs?$count=true&$top=0"));
        return page.GetProperty("@odata.count").GetInt64();
    }
}
