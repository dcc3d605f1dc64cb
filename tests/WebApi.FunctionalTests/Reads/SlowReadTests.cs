using System.Diagnostics;
using System.Net;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>
/// Tests that slow queries of one tenant do not affect other tenants. The queries end when their time limit is reached,
/// their caller has gone or the database is lost.
/// </summary>
[Collection(typeof(SerialTests))]
public sealed class SlowReadTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Search = "process/runs?$filter=contains(displayName,'run')";

    // The value of Limits.ConcurrentSlowReads.
    private const int Running = 4;

    private static readonly TimeSpan _endless = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Thirty_endless_queries_of_a_tenant_do_not_delay_another_tenant()
    {
        Assert.SkipWhen(database.IsDistributed, "The slow query does not run on the coordinator.");
        var own = await SlowDatabase.CreateAsync(database, _endless);
        await using var service = await RunningService.StartAsync(own, ("Query:Timeout", "00:04:00"));
        using var other = service.Authorized(Tokens.Make(tid: Tokens.OtherTenant.ToString()));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var slow = Enumerable.Range(0, 30).Select(_ => service.Client.GetAsync(Search, end.Token)).ToList();
        await SlowDatabase.UntilSleepingAsync(own, Running);

        foreach (
            var path in (string[])
                [
                    Search,
                    $"{Search}&$count=true",
                    "process/runs/delta",
                    "process/runs/delta?$filter=contains(displayName,'run')",
                    "process/runs?$expand=activities",
                ]
        )
        {
            var asked = Stopwatch.GetTimestamp();
            using var response = await other.GetAsync(path, Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.OK, path);
            Stopwatch.GetElapsedTime(asked).ShouldBeLessThan(TimeSpan.FromSeconds(5), path);
        }

        // Queries beyond the share of the tenant are refused. Running queries continue until their caller gives up, and
        // are then canceled on the server.
        for (var i = 0; i < 30 - Running; i++)
        {
            var refused = await Task.WhenAny(slow);
            slow.Remove(refused);
            using var response = await refused;
            response.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            response.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
            (await response.JsonAsync()).Cause().ShouldBe("tooManySlowReads");
        }

        (await SlowDatabase.SleepingAsync(own)).ShouldBe(Running);
        await end.CancelAsync();
        await SlowDatabase.UntilSleepingAsync(own, 0);

        // The share of the tenant is free again.
        using var again = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var next = Enumerable.Range(0, Running).Select(_ => service.Client.GetAsync(Search, again.Token)).ToList();
        await SlowDatabase.UntilSleepingAsync(own, Running);
        await again.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => Task.WhenAll(next));
        await SlowDatabase.UntilSleepingAsync(own, 0);
    }

    /// <summary>The count and the list sleep for 4 seconds each. The limit is 7 seconds.</summary>
    [Fact]
    public async Task The_count_and_the_list_of_a_request_have_one_time_limit()
    {
        Assert.SkipWhen(database.IsDistributed, "The queries take the time of one server.");
        var own = await SlowDatabase.CreateAsync(database, TimeSpan.FromSeconds(4));
        await using var service = await RunningService.StartAsync(own, ("Query:Timeout", "00:00:07"));

        (await service.Client.GetAsync(Search, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var both = await service.Client.GetAsync($"{Search}&$count=true", Cancellation);

        both.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await both.JsonAsync()).Cause().ShouldBe("queryTimeout");
        await SlowDatabase.UntilSleepingAsync(own, 0);
    }

    [Fact]
    public async Task A_lost_database_ends_reads_at_once_and_is_sent_no_cancel_request()
    {
        Assert.SkipWhen(database.IsDistributed, "The slow query does not run on the coordinator.");
        var own = await SlowDatabase.CreateAsync(database, _endless);
        await using var service = await RunningService.StartAsync(own, ("Query:Timeout", "00:04:00"));
        var availability = service.Services.GetRequiredService<DatabaseAvailability>();
        var slow = Enumerable.Range(0, Running).Select(_ => service.Client.GetAsync(Search, Cancellation)).ToList();
        await SlowDatabase.UntilSleepingAsync(own, Running);

        // An index answers this read. It uses another pool.
        slow.Add(service.Client.GetAsync("process/runs", Cancellation));
        await SlowDatabase.UntilSleepingAsync(own, Running + 1);
        availability.Lose();
        try
        {
            foreach (var read in slow)
            {
                using var response = await read.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
                response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
                (await response.JsonAsync()).Cause().ShouldBe("databaseUnavailable");
            }

            (await SlowDatabase.SleepingAsync(own)).ShouldBe(Running + 1);
        }
        finally
        {
            availability.Restore();
            await TestDatabase.ExecuteAsync(
                own,
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
                    + "WHERE wait_event = 'PgSleep' AND datname = current_database()"
            );
        }

        // The share and the connections of the tenant are free again.
        await SlowDatabase.UntilSleepingAsync(own, 0);
        using var again = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var next = service.Client.GetAsync(Search, again.Token);
        await SlowDatabase.UntilSleepingAsync(own, 1);
        await again.CancelAsync();
        await SlowDatabase.UntilSleepingAsync(own, 0);
        await Should.ThrowAsync<OperationCanceledException>(() => next);
    }

    /// <summary>
    /// Without a limit on the server, the queries would sleep for five minutes, because the server does not notice that
    /// their client has gone.
    /// </summary>
    [Fact]
    public async Task Queries_of_a_killed_service_end_by_themselves()
    {
        Assert.SkipWhen(database.IsDistributed, "The slow query does not run on the coordinator.");
        var own = await SlowDatabase.CreateAsync(database, _endless);
        await using var service = await ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", own),
            ("Query__Timeout", "00:00:04")
        );
        var slow = Enumerable.Range(0, Running).Select(_ => service.Client.GetAsync(Search, Cancellation)).ToList();
        await SlowDatabase.UntilSleepingAsync(own, Running);
        await service.KillAsync();

        await Poll.UntilAsync(
            async () => await SlowDatabase.SleepingAsync(own) == 0,
            TimeSpan.FromSeconds(30),
            "The queries of the killed service did not end"
        );

        foreach (var read in slow)
        {
            await Should.ThrowAsync<HttpRequestException>(() => read);
        }
    }
}
