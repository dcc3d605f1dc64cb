using System.Diagnostics;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Postgres;
using IndustryData.Infrastructure.FaultTests.Reporting;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

/// <summary>Tests a primary with one synchronous standby. The connection string names both.</summary>
public sealed class StandbyTests : FaultScenario
{
    private const string Name = "s1";
    private static readonly TimeSpan _maxBack = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _maxReadGap = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _maxAnswer = TimeSpan.FromSeconds(10);

    private Cluster _primary = null!;
    private Cluster _standby = null!;
    private ServiceProcess _service = null!;

    [Fact]
    public async Task Write_that_the_synchronous_standby_does_not_have_is_not_acknowledged()
    {
        var report = new FaultReport("synchronous standby stops and is promoted later");
        var ledger = new Ledger(Caller.TenantA);
        await StartPairAsync();
        using var caller = new Caller(_service.Root, Caller.TenantA, TimeSpan.FromSeconds(45));
        await WarmUpAsync(ledger, caller);
        var changed = await caller.PostRunAsync("to be changed");
        var deleted = await caller.PostRunAsync("to be deleted");
        (changed.IsSuccess && deleted.IsSuccess).ShouldBeTrue();

        await _standby.StopAsync("immediate");
        var (name, keyed, key) = (ledger.NewName(), ledger.NewName(), Guid.NewGuid().ToString());
        var answers = await Task.WhenAll(
            caller.PostRunAsync(name),
            caller.PostRunAsync(keyed, key),
            caller.SendAsync(HttpMethod.Patch, $"process/runs/{changed.Id}", """{"displayName":"changed"}"""),
            caller.SendAsync(HttpMethod.Delete, $"process/runs/{deleted.Id}")
        );
        ledger.Note(name, answers[0]);
        ledger.Note(keyed, answers[1]);
        report.Note(
            $"answered {string.Join(", ", answers.Select(a => $"{a.Status} after {a.Elapsed.TotalSeconds:0.0} s"))}"
        );
        report.RequireNone(answers, a => a.IsSuccess, "nothing is acknowledged without the standby");
        report.RequireOnlyUnavailable(answers);

        // A write that was still in the queue was not sent to the database.
        report.Require(answers.Any(a => a.LeavesOutcomeOpen), "the outcome of the sent write is unknown");
        report.RequireNone(
            answers,
            a => !a.LeavesOutcomeOpen && !a.DeniesStorage,
            "a 503 says whether the outcome is known"
        );
        report.RequireNone(answers, a => a.Elapsed > _maxAnswer, "the wait ends with Commit:Timeout");

        await _primary.StopAsync("immediate");
        await _standby.StartAsync();
        await _standby.PromoteAsync();
        var promotedAt = Stopwatch.GetTimestamp();
        await using (Load.Start(ledger, caller, writers: 4))
        {
            report.Back(await ledger.WaitForSuccessAfterAsync(promotedAt, TimeSpan.FromSeconds(60)), _maxBack);
            ledger.Note(keyed, await caller.PostRunAsync(keyed, key));
        }

        await report.CompleteAsync(ledger, _standby.ConnectionString);
    }

    [Fact]
    public async Task Promotion_under_load_loses_nothing()
    {
        var report = new FaultReport("primary stops under load, standby promoted");
        var ledger = new Ledger(Caller.TenantA);
        await StartPairAsync();
        using var caller = new Caller(_service.Root, Caller.TenantA);
        await WarmUpAsync(ledger, caller);
        await using (Load.Start(ledger, caller, writers: 16, readers: 4))
        {
            await ledger.WaitForMoreAsync(1000);
            await _primary.StopAsync("immediate");
            await _standby.PromoteAsync();
            var promotedAt = Stopwatch.GetTimestamp();
            report.Back(await ledger.WaitForSuccessAfterAsync(promotedAt, TimeSpan.FromSeconds(60)), _maxBack);
        }

        report.Note($"{ledger.Answers.Count(a => a.IsUnavailable)} × 503");
        report.RequireOnlyUnavailable(ledger.Answers);
        await report.CompleteAsync(ledger, _standby.ConnectionString);
    }

    [Fact]
    public async Task Promotion_under_load_of_two_instances_that_read_from_the_standby_stops_no_reads()
    {
        var report = new FaultReport("primary killed under load of two instances that read from the standby");
        var ledger = new Ledger(Caller.TenantA);
        await StartPairAsync(("Database__ReadFromReplicas", "true"));
        var other = await StartServiceAsync(
            Cluster.ConnectionStringTo(Hosts),
            ("Commit__Timeout", "00:00:03"),
            ("Database__ReadFromReplicas", "true")
        );
        using var first = new Caller(_service.Root, Caller.TenantA);
        using var second = new Caller(other.Root, Caller.TenantA);
        await WarmUpAsync(ledger, first);
        await WarmUpAsync(ledger, second);
        await using (var reads = ReadGaps.Start(first, second))
        {
            await using (Load.Start(ledger, first, writers: 8))
            await using (Load.Start(ledger, second, writers: 8))
            {
                await ledger.WaitForMoreAsync(1000);
                await PostgresProcesses.KillAsync(_primary.Folder);
                await _standby.PromoteAsync();
                var promotedAt = Stopwatch.GetTimestamp();
                report.Back(await ledger.WaitForSuccessAfterAsync(promotedAt, TimeSpan.FromSeconds(60)), _maxBack);

                // The instances notice within a second that the standby is the primary now.
                await reads.WaitForMoreAsync(300);
            }

            await reads.StopAsync();
            report.Note(
                $"{reads.Succeeded} reads, {reads.Failed} failed, longest gap {reads.Longest.TotalSeconds:0.0} s"
            );
            report.Require(reads.Longest <= _maxReadGap, "reads never stop for more than 2 s");
        }

        report.Note($"{ledger.Answers.Count(a => a.IsUnavailable)} × 503");
        report.RequireOnlyUnavailable(ledger.Answers);
        await report.CompleteAsync(ledger, _standby.ConnectionString);
    }

    private string Hosts => $"127.0.0.1:{_primary.Port},127.0.0.1:{_standby.Port}";

    private async Task StartPairAsync(params (string Key, string Value)[] settings)
    {
        _primary = await StartClusterAsync();
        _standby = Keep(await _primary.CreateStandbyAsync(Name));
        await _standby.StartAsync();

        // The setting is changed after the copy, so that the promoted standby does not wait for another standby.
        await _primary.SetAsync("synchronous_standby_names", Name);
        await _primary.WaitForSynchronousStandbyAsync(Name);
        _service = await StartServiceAsync(
            Cluster.ConnectionStringTo(Hosts),
            [("Commit__Timeout", "00:00:03"), .. settings]
        );
    }
}
