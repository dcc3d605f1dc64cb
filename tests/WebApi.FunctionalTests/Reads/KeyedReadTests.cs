using System.Net;
using IndustryData.Application.Common;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>
/// Tests that reads by key end even if the database does not answer them, and that they do not wait for each other.
/// </summary>
[Collection(typeof(SerialTests))]
public sealed class KeyedReadTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Counts_of_activities_of_unknown_runs_do_not_wait_for_each_others_connections()
    {
        await using var service = await RunningService.StartAsync(database.ConnectionString);

        for (var round = 0; round < 5; round++)
        {
            var counts = Enumerable
                .Range(0, 40)
                .Select(_ => $"process/runs/{Guid.CreateVersion7()}/activities/$count")
                .Select(path => service.Client.GetAsync(path, Cancellation))
                .ToList();
            foreach (var count in counts)
            {
                using var response = await count;
                response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
            }
        }
    }

    [Fact]
    public async Task Read_whose_caller_has_gone_is_canceled()
    {
        Assert.SkipWhen(database.IsDistributed, "The read does not sleep on the coordinator.");
        var own = await SlowDatabase.CreateAsync(database, TimeSpan.FromMinutes(5));
        await using var service = await RunningService.StartAsync(own, ("Query:Timeout", "00:04:00"));
        var run = await RunAsync(own);
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var read = service.Client.GetAsync($"process/runs/{run}", caller.Token);
        await SlowDatabase.UntilSleepingAsync(own, 1);

        await caller.CancelAsync();

        // The read ends sooner than the limit of 15 seconds.
        await Should.ThrowAsync<OperationCanceledException>(() => read);
        await Poll.UntilAsync(
            async () => await SlowDatabase.SleepingAsync(own) == 0,
            TimeSpan.FromSeconds(10),
            "The read was not canceled"
        );
    }

    [Fact]
    public async Task Read_that_the_server_does_not_answer_ends_by_itself()
    {
        Assert.SkipWhen(database.IsDistributed, "The read does not sleep on the coordinator.");
        var own = await SlowDatabase.CreateAsync(database, TimeSpan.FromMinutes(5));
        await using var service = await RunningService.StartAsync(own, ("Query:Timeout", "00:04:00"));
        var run = await RunAsync(own);

        using var response = await service
            .Client.GetAsync($"process/runs/{run}", Cancellation)
            .WaitAsync(TimeSpan.FromSeconds(60), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        await SlowDatabase.UntilSleepingAsync(own, 0);
    }

    [Fact]
    public async Task Page_token_key_that_cannot_be_read_delays_one_request_only()
    {
        var own = await database.CreateMigratedDatabaseAsync();
        await using var service = await RunningService.StartAsync(own);
        (await service.Client.GetAsync("process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var clock = new ManualClock();
        var keys = new PageTokenKeyStore(service.Services.GetRequiredService<ReadSessions>(), clock);
        var known = await keys.GetAsync(Cancellation);
        await using var connection = new NpgsqlConnection(own);
        await connection.OpenAsync(Cancellation);
        await using var holder = await connection.BeginTransactionAsync(Cancellation);
        await using var hold = new NpgsqlCommand(
            "LOCK TABLE page_token_signing_keys IN ACCESS EXCLUSIVE MODE",
            connection
        );
        await hold.ExecuteNonQueryAsync(Cancellation);
        clock.Advance(TimeSpan.FromSeconds(2));

        (await keys.GetAsync(Cancellation)).KeyId.ShouldBe(known.KeyId);
        var next = keys.GetAsync(Cancellation);

        next.IsCompletedSuccessfully.ShouldBeTrue("the known key is used without another wait");
        (await next).KeyId.ShouldBe(known.KeyId);
        clock.Advance(TimeSpan.FromSeconds(2));
        service.Services.GetRequiredService<DatabaseAvailability>().Lose();
        (await keys.GetAsync(Cancellation)).KeyId.ShouldBe(known.KeyId);
    }

    private static async Task<Guid> RunAsync(string own)
    {
        await using var connection = new NpgsqlConnection(own);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(
            $"SELECT id FROM stored_runs WHERE tenant_id = '{Tokens.Tenant}'",
            connection
        );
        return (Guid)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
    }
}
