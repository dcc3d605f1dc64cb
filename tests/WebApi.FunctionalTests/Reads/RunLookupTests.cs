using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>Tests reads of single runs that share a round trip to the database.</summary>
[Collection(typeof(SerialTests))]
public sealed class RunLookupTests(TestDatabase database) : FunctionalTest(database)
{
    private const int Lookups = 60;

    [Fact]
    public async Task Lookups_that_wait_together_return_the_run_of_each_caller()
    {
        var other = Service.Authorized(Tokens.Make(tid: $"{Tokens.OtherTenant}"));
        var own = await AddAsync(Bodies.RunAt(0, "own"));
        var foreign = await AddAsync(Bodies.RunAt(0, "foreign"), other);
        List<Task<HttpResponseMessage>> reads;
        await using (await Database.LockAsync("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"))
        {
            reads =
            [
                .. Enumerable
                    .Range(0, Lookups)
                    .Select(n =>
                        (n % 4) switch
                        {
                            0 => Client.GetAsync(own, Cancellation),
                            1 => other.GetAsync(foreign, Cancellation),
                            2 => Client.GetAsync(foreign, Cancellation),
                            _ => Client.GetAsync($"process/runs/{Guid.CreateVersion7()}", Cancellation),
                        }
                    ),
            ];
            await UntilWaitingAsync(4);
        }

        for (var n = 0; n < Lookups; n++)
        {
            using var response = await reads[n];
            response.StatusCode.ShouldBe(n % 4 < 2 ? HttpStatusCode.OK : HttpStatusCode.NotFound);
            if (n % 4 < 2)
            {
                (await response.JsonAsync()).Text("displayName").ShouldBe(n % 4 == 0 ? "own" : "foreign");
            }
        }
    }

    [Fact]
    public async Task Caller_who_leaves_a_group_does_not_end_the_lookups_of_the_others()
    {
        var run = await AddAsync(Bodies.RunAt(0, "run"));
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        List<Task<HttpResponseMessage>> left;
        List<Task<HttpResponseMessage>> stayed;
        await using (await Database.LockAsync("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"))
        {
            left = [.. Enumerable.Range(0, Lookups).Select(_ => Client.GetAsync(run, caller.Token))];
            stayed = [.. Enumerable.Range(0, Lookups).Select(_ => Client.GetAsync(run, Cancellation))];
            await UntilWaitingAsync(4);
            await caller.CancelAsync();
            await Task.WhenAll(left).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        left.ShouldAllBe(read => read.IsCanceled);
        foreach (var read in stayed)
        {
            (await read).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    private async Task UntilWaitingAsync(long connections) =>
        await Poll.UntilAsync(
            async () =>
                await Database.ReadAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                        + "AND wait_event_type = 'Lock' AND query LIKE '%FROM runs%'"
                ) == connections,
            $"{connections} connections that wait for the table"
        );
}
