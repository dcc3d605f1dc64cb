using System.Diagnostics;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Reporting;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

public sealed class ReadOnlyDatabaseTests : FaultScenario
{
    private static readonly TimeSpan _maxBack = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Server_that_takes_no_writes_is_read_from_and_recovers()
    {
        var report = new FaultReport("default_transaction_read_only on and off");
        var ledger = new Ledger(Caller.TenantA);
        var cluster = await StartClusterAsync();
        var service = await StartServiceAsync(cluster.ConnectionString);
        using var caller = new Caller(service.Root, Caller.TenantA);
        await WarmUpAsync(ledger, caller);
        await using (Load.Start(ledger, caller, writers: 16, readers: 8))
        {
            await cluster.SetAsync("default_transaction_read_only", "on");

            // A new setting takes effect in a session with its next statement. An earlier success may still arrive.
            await Poll.UntilAsync(
                () => ledger.Answers.Any(a => a.IsUnavailable),
                TimeSpan.FromSeconds(30),
                "writes still succeeded with the setting"
            );
            var refusedAt = Stopwatch.GetTimestamp();
            // The server stays read-only for this time.
            await Task.Delay(Form.Seconds(3, 15), Cancellation);
            report.Require(
                ledger.LastSuccess < refusedAt + Stopwatch.Frequency,
                "no write is acknowledged while the server is read-only"
            );

            var offAt = Stopwatch.GetTimestamp();
            await cluster.SetAsync("default_transaction_read_only", "off");
            report.Back(await ledger.WaitForSuccessAfterAsync(offAt, TimeSpan.FromSeconds(60)), _maxBack);
        }

        report.Note($"{ledger.Answers.Count(a => a.IsUnavailable)} × 503");
        report.RequireAnswered(ledger.Answers);
        report.RequireNone(
            ledger.Answers,
            a => a.IsUnavailable && a.Code != "databaseReadOnly",
            "a 503 says databaseReadOnly"
        );
        report.RequireNone(ledger.Answers, a => !a.IsSuccess && !a.IsWrite, "reads succeed");
        await report.CompleteAsync(ledger, cluster.ConnectionString);
    }

    [Fact]
    public async Task Reload_with_asynchronous_commits_does_not_change_how_the_service_commits()
    {
        var report = new FaultReport("synchronous_commit = off in the server's configuration");
        var cluster = await StartClusterAsync();
        await cluster.ExecuteAsync(
            """
            CREATE TABLE noted (operation text, setting text);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$
            BEGIN
                INSERT INTO noted VALUES (TG_OP, current_setting('synchronous_commit'));
                RETURN coalesce(NEW, OLD);
            END
            $$;
            CREATE TRIGGER note BEFORE INSERT OR UPDATE OR DELETE ON runs FOR EACH ROW EXECUTE FUNCTION note();
            """
        );
        var service = await StartServiceAsync(cluster.ConnectionString);
        using var caller = new Caller(service.Root, Caller.TenantA);
        var ledger = new Ledger(Caller.TenantA);
        await WarmUpAsync(ledger, caller);
        await cluster.SetAsync("synchronous_commit", "off");
        await Poll.UntilAsync(
            async () => await cluster.ReadAsync<string>("SELECT current_setting('synchronous_commit')") == "off",
            TimeSpan.FromSeconds(10),
            "the setting did not take effect"
        );
        await cluster.ExecuteAsync("TRUNCATE noted");

        await WarmUpAsync(ledger, caller);
        var run = await caller.PostRunAsync(ledger.NewName());
        ResponseDescription[] changes =
        [
            run,
            await caller.SendAsync(HttpMethod.Post, "process/runs/start", "{}"),
            await caller.SendAsync(HttpMethod.Patch, $"process/runs/{run.Id}", """{"displayName":"changed"}"""),
            await caller.SendAsync(HttpMethod.Delete, $"process/runs/{run.Id}"),
        ];
        var noted = await cluster.ReadAsync<string>(
            """
            SELECT string_agg(line, ', ' ORDER BY line)
            FROM (SELECT DISTINCT operation || ' ' || setting AS line FROM noted) AS lines
            """
        );
        report.Note(noted);
        report.RequireNone(changes, a => !a.IsSuccess, "every write succeeds");
        report.Require(noted == "DELETE on, INSERT on, UPDATE on", "each write commits with synchronous_commit = on");
        await report.CompleteAsync(ledger, cluster.ConnectionString);
    }
}
