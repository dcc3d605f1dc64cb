using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.WebApi.FunctionalTests.Hosting;
using static IndustryData.Testing.EmbeddedServer;

namespace IndustryData.WebApi.FunctionalTests.Durability;

/// <summary>Tests delta queries on the tests' own servers, which crash or are standbys.</summary>
[SupportedOSPlatform("linux")]
public sealed class DeltaServerTests
{
    private const string Latest = "process/runs/delta?$deltatoken=latest";

    /// <summary>
    /// Aborted transactions leave nothing on disk until the WAL writer writes. After a crash, the same postmaster
    /// assigns their transaction ids again, and so within the same epoch.
    /// </summary>
    [Fact]
    public async Task Delta_after_a_crash_that_takes_transaction_ids_back_misses_nothing()
    {
        using var folder = new TestDataDirectory();
        await using var server = await StartAsync(folder);
        await DatabaseSchema.MigrateAsync(server.ConnectionString, TimeSpan.FromSeconds(30), Token);
        await using var service = await RunningService.StartAsync(server.ConnectionString);
        await UntilServedAsync(service);

        // The maintenance of the service or of the server may commit meanwhile, which writes everything to disk. The
        // test then tries again.
        for (var attempt = 1; ; attempt++)
        {
            await AddAsync(service);
            var link = await BurnAndCrashAsync(service, server);
            if (link is not null)
            {
                var added = new List<string>
                {
                    await AddAsync(service),
                    await AddAsync(service),
                    await AddAsync(service),
                };
                await BurnAsync(server, 2000);

                (await FollowAsync(service, link)).ShouldBe(added, ignoreOrder: true);
                return;
            }

            attempt.ShouldBeLessThan(10);
        }
    }

    [Fact]
    public async Task Delta_on_a_standby_answers_and_misses_no_transaction_that_is_open_on_the_primary()
    {
        using var folder = new TestDataDirectory();
        using var standbyFolder = new TestDataDirectory();
        await using var server = await StartAsync(folder);
        await DatabaseSchema.MigrateAsync(server.ConnectionString, TimeSpan.FromSeconds(30), Token);
        await using var primary = await RunningService.StartAsync(server.ConnectionString);
        await UntilServedAsync(primary);
        var first = await AddAsync(primary);
        await using var standby = await StartStandbyAsync(folder, standbyFolder);
        await UntilReplayedAsync(server, standby);
        await using var service = await RunningService.StartAsync(standby.ConnectionString);

        var link = await LinkAsync(service, "process/runs/delta", [first]);

        // The slow transaction has a lower transaction id than the fast one. The service reads the fast one while the
        // slow one is open.
        await using var connection = new Npgsql.NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync(Token);
        await using var slow = await connection.BeginTransactionAsync(Token);
        var slowId = Guid.CreateVersion7().ToString();
        await using var insert = new Npgsql.NpgsqlCommand(
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
            last_modified_date_time, version, statistics)
            VALUES ('{{Tokens.Tenant}}', '{{slowId}}', 'slow', now(), 0, now(), now(), 1, '{}')
            """,
            connection
        );
        await insert.ExecuteNonQueryAsync(Token);
        var fast = await AddAsync(primary);
        await UntilReplayedAsync(server, standby);
        link = await LinkAsync(service, link, [fast]);
        await slow.CommitAsync(Token);
        await UntilReplayedAsync(server, standby);
        (await FollowAsync(service, link)).ShouldContain(slowId);

        // A delta token of the primary is valid on the standby, and vice versa.
        var ofPrimary = await LinkAsync(primary, Latest, []);
        var ofStandby = await LinkAsync(service, Latest, []);
        var later = await AddAsync(primary);
        await UntilReplayedAsync(server, standby);
        (await FollowAsync(service, ofPrimary)).ShouldBe([later]);
        (await FollowAsync(primary, ofStandby)).ShouldContain(later);

        await ReadAsync(standby, "SELECT pg_promote()");
        using var promoted = await service.Client.GetAsync(new Uri(service.Root, link), Token);
        promoted.StatusCode.ShouldBe(HttpStatusCode.Gone);
        (await promoted.JsonAsync()).Cause().ShouldBe("resyncRequired");
    }

    /// <summary>Aborts transactions and crashes the server so that their transaction ids are assigned again.</summary>
    /// <returns>A delta link from before the crash; null if the crash did not take transaction ids back.</returns>
    private static async Task<string?> BurnAndCrashAsync(RunningService service, PostgresServer server)
    {
        var started = await ReadAsync(server, "SELECT pg_postmaster_start_time()");
        var writer = (int)
            (await ReadAsync(server, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"))!;
        using (var stop = Process.Start("kill", ["-STOP", $"{writer}"]))
        {
            await stop.WaitForExitAsync(Token);
        }

        await BurnAsync(server, 1000);
        var link = await LinkAsync(service, Latest, []);
        var before = (long)(await ReadAsync(server, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))!;
        await using (var victim = new Npgsql.NpgsqlConnection(server.ConnectionString + ";Pooling=false"))
        {
            await victim.OpenAsync(Token);
            using var backend = Process.GetProcessById(victim.ProcessID);
            backend.Kill();

            // The server ends every session, restarts its processes and accepts new sessions.
            await UntilAsync(async () =>
                await ReadAsync(server, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'") is int pid
                && pid != writer
            );
        }

        await UntilServedAsync(service);
        (await ReadAsync(server, "SELECT pg_postmaster_start_time()")).ShouldBe(started);
        return
            (long)(await ReadAsync(server, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))!
            < before - 500
            ? link
            : null;
    }

    private static Task<object?> BurnAsync(PostgresServer server, int count) =>
        ReadAsync(
            server,
            $"DO $$ BEGIN FOR i IN 1..{count} LOOP PERFORM pg_current_xact_id(); ROLLBACK; END LOOP; END $$"
        );

    private static async Task<PostgresServer> StartStandbyAsync(TestDataDirectory primary, TestDataDirectory folder)
    {
        var options = new EmbeddedPostgresOptions();
        var access = PostgresServer.GetConnectionInfo(primary.Resolve(), options);
        var program = Path.Combine(Path.GetDirectoryName(access.Program)!, "pg_basebackup");
        var account = PostgresOsAccount.Resolve(options);
        var target = folder.Resolve();
        target.Create();
        var postgres = Path.GetDirectoryName(folder.Cluster)!;
        await account.CreateOwnedDirectoryAsync(postgres, Token);
        var copied = await account.RunAsync(
            program,
            [
                "-D",
                folder.Cluster,
                "-R",
                "-X",
                "stream",
                "-c",
                "fast",
                "-d",
                $"host={access.Host} port={access.Port} user={access.User} password={access.Password}",
            ],
            postgres,
            Token
        );
        copied.Succeeded.ShouldBeTrue(copied.Output);
        return await StartAsync(folder);
    }

    private static async Task UntilReplayedAsync(PostgresServer primary, PostgresServer standby)
    {
        var written = await ReadAsync(primary, "SELECT pg_current_wal_flush_lsn()::text");
        await UntilAsync(async () =>
            await ReadAsync(standby, $"SELECT pg_last_wal_replay_lsn() >= '{written}'") is true
        );
    }

    private static Task UntilServedAsync(RunningService service) =>
        UntilAsync(async () =>
        {
            using var response = await service.Client.GetAsync(Latest, Token);
            return response.IsSuccessStatusCode;
        });

    private static async Task UntilAsync(Func<Task<bool>> condition) =>
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    return await condition();
                }
                catch (Npgsql.NpgsqlException)
                {
                    // The server is starting.
                    return false;
                }
            },
            TimeSpan.FromMinutes(2),
            "The server did not get ready"
        );

    private static async Task<string> AddAsync(RunningService service)
    {
        HttpResponseMessage? response = null;
        await UntilAsync(async () =>
        {
            response = await service.Client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.Run), Token);
            return response.StatusCode == HttpStatusCode.NoContent;
        });
        return response!.Headers.Location!.Segments[^1];
    }

    private static async Task<string> LinkAsync(RunningService service, string link, string[] expected)
    {
        var page = await service.Client.GetJsonAsync(new Uri(service.Root, link));
        page.GetProperty("value").EnumerateArray().Select(i => i.Text("id")).ShouldBe(expected, ignoreOrder: true);
        return new Uri(page.Text("@odata.deltaLink")).PathAndQuery;
    }

    private static async Task<string[]> FollowAsync(RunningService service, string link) =>
        [
            .. (await service.Client.GetJsonAsync(new Uri(service.Root, link)))
                .GetProperty("value")
                .EnumerateArray()
                .Select(i => i.Text("id")),
        ];
}
