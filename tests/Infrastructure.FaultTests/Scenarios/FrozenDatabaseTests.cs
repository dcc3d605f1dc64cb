using System.Diagnostics;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Postgres;
using IndustryData.Infrastructure.FaultTests.Reporting;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

public sealed class FrozenDatabaseTests : FaultScenario
{
    private static readonly TimeSpan _maxAnswer = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _maxUnready = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _maxBack = TimeSpan.FromSeconds(2);

    /// <summary>SIGSTOP leaves every connection open without responses, like a stalled disk or host.</summary>
    [Fact]
    public async Task Stopped_postgres_is_answered_with_503_and_comes_back()
    {
        var duration = Form.Seconds(12, 30);
        var report = new FaultReport($"SIGSTOP of postgres for {duration.TotalSeconds} s");
        var ledger = new Ledger(Caller.TenantA);
        var cluster = await StartClusterAsync();
        var service = await StartServiceAsync(cluster.ConnectionString);
        using var caller = new Caller(service.Root, Caller.TenantA);
        await WarmUpAsync(ledger, caller);
        long frozenAt,
            thawedAt;
        await using var health = HealthProbe.Start(service.Root);
        await using (Load.Start(ledger, caller, writers: 16, readers: 8))
        {
            await ledger.WaitForMoreAsync(1000);
            frozenAt = Stopwatch.GetTimestamp();
            await PostgresProcesses.FreezeAsync(cluster.Folder);
            // The server is frozen for this time.
            await Task.Delay(duration, Cancellation);
            thawedAt = Stopwatch.GetTimestamp();
            await PostgresProcesses.ThawAsync(cluster.Folder);
            report.Back(await ledger.WaitForSuccessAfterAsync(thawedAt, TimeSpan.FromSeconds(60)), _maxBack);
            report.Require(
                await health.WaitForReadyAsync(thawedAt, 200, TimeSpan.FromSeconds(60)) <= _maxBack,
                "ready is 200 within 2 s of SIGCONT"
            );
        }

        var answers = ledger.Answers.Where(a => a.AnsweredAt > frozenAt && a.SentAt < thawedAt).ToList();
        var unready = health.FirstReady(frozenAt, 503);
        report.Note($"{answers.Count(a => a.IsUnavailable)} × 503");
        report.Note($"longest wait {answers.Max(a => a.Elapsed).TotalSeconds:0.0} s");
        report.Note(unready is { } time ? $"ready 503 after {time.TotalSeconds:0.0} s" : "ready never 503");
        report.RequireOnlyUnavailable(ledger.Answers);
        report.RequireNone(answers, a => a.Status == 0, "every request is answered");
        report.RequireNone(answers, a => a.Elapsed > _maxAnswer, "nothing takes longer than 5 s");
        report.RequireNone(
            answers,
            a => a.IsUnavailable && !a.LeavesOutcomeOpen && !a.Code.StartsWith("database", StringComparison.Ordinal),
            "a 503 names the database as the cause, or an unknown outcome"
        );
        report.Require(unready <= _maxUnready, "ready is 503 within 3 s");
        report.RequireNone(health.Live, a => a.Status != 200, "live stays 200");
        await report.CompleteAsync(ledger, cluster.ConnectionString);
    }
}
