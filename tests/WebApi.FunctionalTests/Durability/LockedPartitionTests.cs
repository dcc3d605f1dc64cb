using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Durability;

/// <summary>
/// Tests statements that fail because a partition is locked. The lock stops a statement after it was parsed and before
/// it is planned. This matters at the fifth use on a connection, when Npgsql prepares the statement.
/// </summary>
[Collection(typeof(SerialTests))]
public sealed class LockedPartitionTests(TestDatabase database) : FunctionalTest(database)
{
    // The lock timeout of a commit expires several times in this time, and no write waits longer than two seconds. The
    // rest is for a machine that stalls.
    private static readonly TimeSpan _locked = TimeSpan.FromSeconds(0.7);

    protected override string? OnlyOnOneServer => "The partitions of a distributed database are on its nodes.";

    [Theory]
    [InlineData("process/runs/{0}")]
    [InlineData("process/runs?$filter=contains(displayName,'own')")]
    [InlineData("process/runs/$count?$filter=contains(displayName,'own')")]
    public async Task Read_after_canceled_reads_has_the_same_answer(string path)
    {
        var url = string.Format(null, path, (await AddAsync(Bodies.RunAt(0, "own"))).Segments[^1]);
        var expected = await Client.GetStringAsync(url, Cancellation);

        // From here on, every second use is canceled. The fifth use is one of them.
        (await Client.GetStringAsync(url, Cancellation)).ShouldBe(expected);
        for (var use = 0; use < 10; use++)
        {
            await using (await LockPartitionAsync())
            {
                using var caller = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
                var canceled = Client.GetAsync(url, caller.Token);
                await UntilWaitingAsync(1);
                await caller.CancelAsync();
                await Should.ThrowAsync<OperationCanceledException>(canceled);
                await UntilWaitingAsync(0);
            }

            using var response = await Client.GetAsync(url, Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.OK, $"use {use}");
            (await response.Content.ReadAsStringAsync(Cancellation)).ShouldBe(expected, $"use {use}");
        }
    }

    [Fact]
    public async Task Write_that_waits_for_the_partition_is_stored_after_the_lock()
    {
        var run = await AddAsync(Bodies.RunAt(0, "own"));
        for (var use = 0; use < 3; use++)
        {
            Task<HttpResponseMessage> writing;
            await using (await LockPartitionAsync())
            {
                writing = Client.PatchAsync(run, Bodies.Json($$"""{"displayName":"own {{use}}"}"""), Cancellation);
                await Task.Delay(_locked, Cancellation);
            }

            using var response = await writing;
            response.StatusCode.ShouldBe(HttpStatusCode.OK, $"use {use}");
            (await response.JsonAsync()).Text("displayName").ShouldBe($"own {use}");
        }
    }

    private async Task<IAsyncDisposable> LockPartitionAsync()
    {
        var partition = await Database.ReadAsync<string>("SELECT tableoid::regclass::text FROM runs LIMIT 1");
        return await Database.LockAsync($"LOCK TABLE {partition} IN ACCESS EXCLUSIVE MODE");
    }

    // The background service that counts runs by hour waits for the partition as well.
    private async Task UntilWaitingAsync(long connections) =>
        await Poll.UntilAsync(
            async () =>
                await Database.ReadAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                        + "AND wait_event_type = 'Lock' AND query LIKE '%FROM runs%' "
                        + "AND query NOT LIKE '%run_hour_progress%'"
                ) == connections,
            $"{connections} statements that wait for the partition"
        );
}
