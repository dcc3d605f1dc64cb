using System.Text.Json;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>
/// Tests lists over 40 partitions of a day, in which one run of ten starts long before or after the time of its id, and
/// one partition without runs.
/// </summary>
public sealed class ListWindowTests(TestDatabase database) : FunctionalTest(database)
{
    protected override string? OnlyOnOneServer => "Lists of a distributed database read every partition.";

    private const int Days = 40;

    private static readonly DateTimeOffset _first = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>With 4,000 runs a page is in one partition, with 200 runs in twenty.</summary>
    [Theory]
    [InlineData("startDateTime desc", "", 4000, false)]
    [InlineData("startDateTime desc", "", 4000, true)]
    [InlineData("startDateTime asc", "", 4000, true)]
    [InlineData("startDateTime desc", "", 200, true)]
    [InlineData("startDateTime asc", "", 200, false)]
    [InlineData("startDateTime desc", "status eq 'failed'", 1000, true)]
    [InlineData("startDateTime desc", "startDateTime lt 2026-03-20T07:00:00Z", 1000, true)]
    [InlineData("startDateTime desc", "startDateTime ge 2026-03-20T07:00:00Z", 1000, true)]
    [InlineData(
        "startDateTime asc",
        "startDateTime ge 2026-03-20T07:00:00Z and startDateTime le 2026-03-21T19:00:00Z",
        1000,
        true
    )]
    public async Task Pages_have_all_runs_in_order(string order, string filter, int runs, bool isScattered)
    {
        await PrepareAsync(runs, isScattered);
        var where = filter
            .Replace("status eq 'failed'", "status = 1", StringComparison.Ordinal)
            .Replace("startDateTime", "start_date_time", StringComparison.Ordinal)
            .Replace(" lt ", " < '", StringComparison.Ordinal)
            .Replace(" ge ", " >= '", StringComparison.Ordinal)
            .Replace(" le ", " <= '", StringComparison.Ordinal)
            .Replace("Z", "Z'", StringComparison.Ordinal);
        var direction = order.Split(' ')[1];
        var expected = await Database.ReadAsync<Guid[]>(
            $"SELECT array_agg(id ORDER BY start_date_time {direction}, id {direction}) FROM runs "
                + $"WHERE tenant_id = '{Tokens.Tenant}' AND {(where.Length > 0 ? where : "true")}"
        );

        // The second walk begins with what the first has learned.
        foreach (var columns in (string[])["id", "statistics", "id"])
        {
            (
                await WalkAsync($"$orderby={order}&$select={columns}{(filter.Length > 0 ? $"&$filter={filter}" : "")}")
            ).ShouldBe(expected);
        }
    }

    [Fact]
    public async Task Page_reads_few_partitions()
    {
        await PrepareAsync(8000, isScattered: false);

        // A session reports its scans up to a second after its last report, so that a scan of the preparation or of
        // maintenance may be counted after the reset. A list that reads all partitions does so in each attempt.
        var scanned = long.MaxValue;
        for (var attempt = 0; attempt < 5 && scanned >= 12; attempt++)
        {
            await TestDatabase.ExecuteAsync(Database.AsSuperuser(Database.ConnectionString), "SELECT pg_stat_reset()");
            await ReadThreePagesAsync();
            await Poll.UntilAsync(
                async () => await CountScannedAsync() > 2,
                "The statistics of the indexes appear when a session has been idle for a moment."
            );
            scanned = await CountScannedAsync();
        }

        // Beside the partitions of today and later and the default partition, each page is in one or two partitions.
        scanned.ShouldBeLessThan(12);
    }

    /// <summary>With 200 runs, a page of 100 is in twenty partitions. With 8,000 it is in the newest one.</summary>
    [Theory]
    [InlineData(200, 2)]
    [InlineData(600, 1)]
    [InlineData(8000, 0)]
    public async Task Next_page_begins_with_the_window_that_sufficed(int runs, int level)
    {
        await PrepareAsync(runs, isScattered: false);
        var windows = Service.Services.GetRequiredService<ListWindows>();
        var list = new RunListSpec(
            new TenantId(Tokens.Tenant),
            RunCriteria.All,
            RunOrderKey.NewestFirst,
            Limit: 101,
            Skip: 0,
            After: null,
            default
        );

        await Client.GetJsonAsync(new Uri(Service.Root, "process/runs?$orderby=startDateTime desc"));

        windows.FirstLevel(list).ShouldBe(level);
    }

    [Fact]
    public async Task Run_that_starts_outside_of_the_range_of_its_partition_is_listed_at_once()
    {
        await PrepareAsync(4000, isScattered: false);
        var url = new Uri(Service.Root, "process/runs?$orderby=startDateTime desc&$top=1");
        var newest = await Client.GetJsonAsync(url);
        var late = Guid.CreateVersion7(_first.AddDays(3).AddHours(5));
        await InsertAsync($"'{late}'::uuid", "'2027-01-01T00:00Z'::timestamptz", "generate_series(1, 1) AS n");

        var list = await Client.GetJsonAsync(url);

        list.GetProperty("value")[0].Text("id").ShouldBe(late.ToString());
        newest.GetProperty("value")[0].Text("id").ShouldNotBe(late.ToString());
    }

    private async Task ReadThreePagesAsync()
    {
        var first = await Client.GetJsonAsync(new Uri(Service.Root, "process/runs?$orderby=startDateTime desc"));
        var next = await Client.GetJsonAsync(new Uri(first.Text("@odata.nextLink")));
        var deep = await Client.GetJsonAsync(
            new Uri(Service.Root, "process/runs?$filter=startDateTime lt 2026-03-20T12:00:00Z")
        );
        foreach (var page in (JsonElement[])[first, next, deep])
        {
            page.GetProperty("value").GetArrayLength().ShouldBe(100);
        }
    }

    private Task<long> CountScannedAsync() =>
        Database.ReadAsync<long>(
            "SELECT count(DISTINCT relid) FROM pg_stat_user_indexes JOIN pg_inherits ON inhrelid = relid "
                + "WHERE inhparent = 'runs'::regclass AND idx_scan > 0"
        );

    private async Task<List<Guid>> WalkAsync(string query)
    {
        var seen = new List<Guid>();
        for (Uri? next = new(Service.Root, $"process/runs?{query}"); next is not null; )
        {
            var page = await Client.GetJsonAsync(next);
            seen.AddRange(page.GetProperty("value").EnumerateArray().Select(r => r.GetProperty("id").GetGuid()));
            next = page.TryGetProperty("@odata.nextLink", out var link) ? new Uri(link.GetString()!) : null;
        }

        return seen;
    }

    private async Task PrepareAsync(int runs, bool isScattered)
    {
        await TestDatabase.ExecuteUnlockedAsync(
            Database.ConnectionString,
            $"SELECT create_runs_partition('{_first:O}'::timestamptz + n * interval '1 day', 'day') "
                + $"FROM generate_series(0, {Days}) AS n"
        );
        var step = Days * 86_400 / runs;
        await InsertAsync(
            "(left(uuid_v7_lower_bound(moment)::text, 14) || '7' || right(gen_random_uuid()::text, 21))::uuid",
            isScattered ? "moment + CASE WHEN n % 10 = 0 THEN (n % 70 - 35) * interval '1 day' ELSE '0' END" : "moment",
            $"generate_series(0, {runs - 1}) AS n, LATERAL (SELECT '{_first:O}'::timestamptz "
                + $"+ n * interval '{step} seconds' AS moment) AS m"
        );
        await TestDatabase.ExecuteUnlockedAsync(
            Database.ConnectionString,
            $"SELECT watch_run_starts(now()), complete_run_starts() FROM generate_series(1, {Days + 5})"
        );
        var store = Service.Services.GetRequiredService<EndedPartitionStore>();
        await Poll.UntilAsync(
            async () =>
            {
                store.Suspect();
                return store.Current.Version == await Database.ReadAsync<Guid>("SELECT version FROM run_start_versions")
                    && store.Current.Partitions.Count > Days;
            },
            "The read of the starts of the partitions"
        );
    }

    private Task InsertAsync(string id, string start, string rows) =>
        TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                last_modified_date_time, version, statistics)
            SELECT '{{Tokens.Tenant}}', {{id}}, 'run', {{start}}, n % 4, now(), now(), 1, '{}' FROM {{rows}}
            """
        );
}
