using System.Diagnostics;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Postgres;
using IndustryData.Infrastructure.FaultTests.Reporting;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

/// <summary>Tests slow commits on a database that otherwise responds.</summary>
public sealed class SlowCommitTests : FaultScenario
{
    private const string Standby = "s1";
    private static readonly TimeSpan _duration = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _maxAnswer = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Commit_that_waits_for_its_standby_is_acknowledged_when_it_is_there()
    {
        var report = new FaultReport("synchronous standby stands still for 10 s");
        var cluster = await StartClusterAsync();
        var standby = Keep(await cluster.CreateStandbyAsync(Standby));
        await standby.StartAsync();
        await cluster.SetAsync("synchronous_standby_names", Standby);
        await cluster.WaitForSynchronousStandbyAsync(Standby);
        await RunAsync(
            report,
            cluster,
            async ledger =>
            {
                await PostgresProcesses.FreezeAsync(standby.Folder);
                return (ledger.NewName(), ThawLaterAsync);
            }
        );

        async Task ThawLaterAsync()
        {
            // The standby is frozen for this time.
            await Task.Delay(_duration, Cancellation);
            await PostgresProcesses.ThawAsync(standby.Folder);
        }
    }

    [Fact]
    public async Task Commit_that_takes_long_on_the_server_is_acknowledged_when_it_is_there()
    {
        const string marked = "slow run";
        var report = new FaultReport("a commit takes 10 s");
        var cluster = await StartClusterAsync();
        await cluster.ExecuteAsync(
            $"""
            CREATE FUNCTION sleep_at_commit() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep({_duration.TotalSeconds}); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER sleep_at_commit AFTER INSERT ON runs DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.display_name = '{marked}') EXECUTE FUNCTION sleep_at_commit();
            """
        );
        await RunAsync(report, cluster, _ => Task.FromResult((marked, (Func<Task>)(() => Task.CompletedTask))));
    }

    private async Task RunAsync(
        FaultReport report,
        Cluster cluster,
        Func<Ledger, Task<(string Name, Func<Task> End)>> slowDown
    )
    {
        var ledger = new Ledger(Caller.TenantA);
        var service = await StartServiceAsync(cluster.ConnectionString);
        using var caller = new Caller(service.Root, Caller.TenantA);
        await WarmUpAsync(ledger, caller);
        var changed = await caller.PostRunAsync("to be changed");
        changed.IsSuccess.ShouldBeTrue(changed.ToString());

        await using var health = HealthProbe.Start(service.Root);
        var (name, end) = await slowDown(ledger);
        var slowSince = Stopwatch.GetTimestamp();
        var slow = caller.PostRunAsync(name);
        var keyed = ledger.NewName();
        Task<ResponseDescription>[] others =
        [
            caller.PostRunAsync(keyed, Guid.NewGuid().ToString()),
            caller.SendAsync(HttpMethod.Patch, $"process/runs/{changed.Id}", """{"displayName":"changed"}"""),
        ];
        var reads = LatencyProbe.MeasureAsync(() => caller.GetAsync("process/runs?$top=10"), _duration / 2);
        await end();
        var waited = await slow;
        ledger.Note(name, waited);
        ledger.Note(keyed, await others[0]);
        ResponseDescription[] writes = [waited, .. await Task.WhenAll(others)];

        report.Note($"waited {waited.Elapsed.TotalSeconds:0.0} s");
        report.Require(waited.Elapsed > _duration * 0.9, "the commit is slow");
        report.RequireNone(writes, a => !a.IsSuccess, "a slow commit is acknowledged");
        report.RequireNone(writes, a => a.Elapsed > _maxAnswer, "nothing takes longer than 20 s");
        report.RequireNone((await reads).Failed, _ => true, "reads succeed");
        report.RequireNone(
            health.Ready.Where(a => a.SentAt > slowSince),
            a => a.Status != 200,
            "the service does not report the database as away"
        );
        await report.CompleteAsync(ledger, cluster.ConnectionString);
    }
}
