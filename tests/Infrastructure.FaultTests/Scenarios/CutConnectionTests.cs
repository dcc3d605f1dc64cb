using System.Diagnostics;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Postgres;
using IndustryData.Infrastructure.FaultTests.Reporting;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

public sealed class CutConnectionTests : FaultScenario
{
    private const double CutAnswersToCommits = 0.05;
    private const double CutPieces = 0.002;
    private const double DroppedAnswers = 0.05;

    private volatile bool _cuts;

    [Fact]
    public async Task Connections_to_the_database_that_break_at_any_byte_lose_nothing()
    {
        var report = new FaultReport("connections to the database cut");
        var ledger = new Ledger(Caller.TenantA);
        var cluster = await StartClusterAsync();
        var proxy = Keep(CuttingProxy.Start(cluster.Port, CutDatabase));
        var service = await StartServiceAsync(Cluster.ConnectionStringTo($"127.0.0.1:{proxy.Port}"));
        using var caller = new Caller(service.Root, Caller.TenantA);
        await WarmUpAsync(ledger, caller);
        await using (Load.Start(ledger, caller, writers: 32, readers: 4))
        {
            _cuts = true;
            // Connections are cut for this time.
            await Task.Delay(Form.Seconds(10, 60), Cancellation);
            _cuts = false;
            var end = Stopwatch.GetTimestamp();
            report.Back(await ledger.WaitForSuccessAfterAsync(end, TimeSpan.FromSeconds(60)), TimeSpan.FromSeconds(2));
        }

        report.Note($"{proxy.Cuts} cuts, {ledger.Answers.Count(a => a.IsUnavailable)} × 503");
        report.Require(proxy.Cuts > 20, "enough connections are cut");
        report.RequireAnswered(ledger.Answers);
        await report.CompleteAsync(ledger, cluster.ConnectionString);
    }

    [Fact]
    public async Task Keyed_creates_whose_answers_are_dropped_are_stored_exactly_once()
    {
        var count = Form.Choose(20_000, 100_000);
        var report = new FaultReport($"5 % of the answers of {count} keyed creates dropped");
        var ledger = new Ledger(Caller.TenantA);
        var cluster = await StartClusterAsync();
        var service = await StartServiceAsync(cluster.ConnectionString);
        using var direct = new Caller(service.Root, Caller.TenantA);
        await WarmUpAsync(ledger, direct);
        var before = await CountAsync(cluster);
        var proxy = Keep(
            CuttingProxy.Start(
                service.Root.Port,
                (_, isAnswer) => isAnswer && Random.Shared.NextDouble() < DroppedAnswers ? Cut.Before : Cut.None
            )
        );
        using var caller = new Caller(new Uri($"http://127.0.0.1:{proxy.Port}/"), Caller.TenantA);
        var names = Enumerable.Range(0, count).Select(_ => ledger.NewName()).ToArray();
        var options = new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Cancellation };
        await Parallel.ForEachAsync(
            names,
            options,
            async (name, _) =>
            {
                while (true)
                {
                    var answer = await caller.PostRunAsync(name, $"key of {name}");
                    ledger.Note(name, answer);
                    if (answer.IsSuccess)
                    {
                        break;
                    }
                }
            }
        );
        await Parallel.ForEachAsync(
            names.Take(500),
            options,
            async (name, _) => ledger.Note(name, await direct.PostRunAsync(name, $"key of {name}"))
        );

        var stored = await CountAsync(cluster) - before;
        report.Note($"{proxy.Cuts} answers dropped, {stored} runs stored");
        report.Require(proxy.Cuts > count * DroppedAnswers / 2, "enough answers are dropped");
        report.Require(stored == count, $"exactly {count} runs are stored");
        report.RequireNone(
            ledger.Answers,
            a => !a.IsSuccess && a.Status != 0,
            "every answer that arrives is a success"
        );
        await report.CompleteAsync(ledger, cluster.ConnectionString);
    }

    private static Task<long> CountAsync(Cluster cluster) => cluster.ReadAsync<long>("SELECT count(*) FROM runs");

    // A cut between a commit and its confirmation to the service is the most critical one, so it is more frequent.
    private Cut CutDatabase(ReadOnlySpan<byte> piece, bool isAnswer)
    {
        var isCommitted =
            isAnswer
            && piece.EndsWith("Z\0\0\0\u0005I"u8)
            && (piece.IndexOf("COMMIT\0"u8) >= 0 || piece.IndexOf("INSERT 0 "u8) >= 0);
        return _cuts && Random.Shared.NextDouble() < (isCommitted ? CutAnswersToCommits : CutPieces)
            ? (Cut)Random.Shared.Next((int)Cut.Before, (int)Cut.Reset + 1)
            : Cut.None;
    }
}
