using System.Diagnostics;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Postgres;
using IndustryData.Infrastructure.FaultTests.Reporting;
using Npgsql;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

public sealed class ExhaustedConnectionsTests : FaultScenario
{
    private static readonly TimeSpan _maxBack = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Connections_taken_by_others_give_503_at_worst()
    {
        var report = new FaultReport("all connections of the server taken by others");
        var ledger = new Ledger(Caller.TenantA);
        var cluster = await StartClusterAsync("max_connections = 40");
        var service = await StartServiceAsync(cluster.ConnectionString);
        using var caller = new Caller(service.Root, Caller.TenantA);
        await WarmUpAsync(ledger, caller);
        await using var health = HealthProbe.Start(service.Root);
        await using var load = Load.Start(ledger, caller, writers: 16, readers: 4);
        var others = await TakeAllAsync(cluster);
        var takenAt = ledger.Acknowledged;
        var failedBefore = ledger.Answers.Count;
        // The connections stay taken for this time.
        await Task.Delay(Form.Seconds(5, 20), Cancellation);
        report.Note(
            $"{others.Count} taken, meanwhile {ledger.Acknowledged - takenAt} acknowledged and "
                + $"{ledger.Answers.Skip(failedBefore).Count(a => a.IsUnavailable)} × 503"
        );
        var leftAt = Stopwatch.GetTimestamp();
        foreach (var connection in others)
        {
            await connection.DisposeAsync();
        }

        report.Back(await ledger.WaitForSuccessAfterAsync(leftAt, TimeSpan.FromSeconds(60)), _maxBack);
        report.Require(
            await health.WaitForReadyAsync(leftAt, 200, TimeSpan.FromSeconds(30)) <= _maxBack,
            "ready is 200 within 1 s after the connections close"
        );
        await load.StopAsync();

        report.RequireAnswered(ledger.Answers);
        report.RequireNone(health.Live, a => a.Status != 200, "live stays 200");
        await report.CompleteAsync(ledger, cluster.ConnectionString);
    }

    // The service may open connections meanwhile. All connections are taken when ten consecutive attempts are refused.
    private static async Task<List<NpgsqlConnection>> TakeAllAsync(Cluster cluster)
    {
        var taken = new List<NpgsqlConnection>();
        for (var refusals = 0; refusals < 10; )
        {
            try
            {
                taken.Add(await cluster.OpenAsync());
                refusals = 0;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                refusals++;
                await Task.Delay(20, Cancellation);
            }
        }

        return taken;
    }
}
