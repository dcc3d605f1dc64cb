using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>Tests reads of single runs that share a round trip to the database.</summary>
[Collection(typeof(SerialTests))]
public sealed class RunLookupTests(TestDatabase database) : FunctionalTest(database)
{
    private const int Lookups = 60;
    private const string LockRuns = "LOCK TABLE runs IN ACCESS EXCLUSIVE MODE";

    [Fact]
    public async Task Lookups_that_wait_together_return_the_run_of_each_caller()
    {
        var other = Service.Authorized(Tokens.Make(tid: $"{Tokens.OtherTenant}"));
        var own = await AddAsync(Bodies.RunAt(0, "own"));
        var foreign = await AddAsync(Bodies.RunAt(0, "foreign"), other);
        List<Task<HttpResponseMessage>> reads;
        await using (await Database.LockAsync(LockRuns))
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
            await UntilWaitingAsync("FROM runs", 4);
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
        var (left, stayed) = (new List<Task<HttpResponseMessage>>(), new List<Task<HttpResponseMessage>>());
        Task<IAsyncDisposable> secondLock;
        await using (await Database.LockAsync(LockRuns))
        {
            for (var n = 0; n < Lookups; n++)
            {
                left.Add(Client.GetAsync(run, caller.Token));
                stayed.Add(Client.GetAsync(run, Cancellation));
            }

            await UntilWaitingAsync("FROM runs", 4);
            secondLock = Database.LockAsync(LockRuns);
            await UntilWaitingAsync("LOCK TABLE runs", 1);
        }

        // The first lookups, which were sent alone, get the lock first. The groups of the others wait for the second.
        await using (await secondLock)
        {
            await UntilWaitingAsync("FROM runs", 4);
            await caller.CancelAsync();
            await Task.WhenAll(left).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        left.Count(read => read.IsCanceled).ShouldBeGreaterThanOrEqualTo(Lookups - 4);
        foreach (var read in stayed)
        {
            (await read).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    // The background service that counts runs by hour waits for the table as well.
    private async Task UntilWaitingAsync(string statement, long connections) =>
        await Poll.UntilAsync(
            async () =>
                await Database.ReadAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                        + $"AND wait_event_type = 'Lock' AND query LIKE '%{statement}%' "
                        + "AND query NOT LIKE '%run_hour_progress%'"
                ) == connections,
            $"{connections} connections that wait for the table"
        );
}
