using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.WebApi.FunctionalTests.Limiting;

public sealed class RequestLimitTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Batch =
        """{"requests":[{"id":"1","method":"GET","url":"/process"},{"id":"2","method":"GET","url":"/process"},{"id":"3","method":"GET","url":"/process"},{"id":"4","method":"GET","url":"/process"}]}""";

    private static readonly string _other = Tokens.Make(tid: Tokens.OtherTenant.ToString());

    [Fact]
    public async Task Requests_beyond_the_rate_return_429_and_other_tenants_are_served()
    {
        await using var service = await StartAsync(("Limits:RequestsPerSecond", "1"), ("Limits:RequestBurst", "3"));

        // Far more than the bucket gets back meanwhile.
        var responses = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => service.Client.GetAsync("process", Cancellation)));
        using var client = service.Authorized(_other);
        using var others = await client.GetAsync("process", Cancellation);
        using var health = await service.Client.GetAsync("health/live", Cancellation);

        responses.Count(r => r.StatusCode == HttpStatusCode.OK).ShouldBeGreaterThanOrEqualTo(3);
        var refused = responses.First(r => r.StatusCode == HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta.ShouldNotBeNull().ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        (await refused.JsonAsync()).Cause().ShouldBe("requestRateExceeded");
        others.StatusCode.ShouldBe(HttpStatusCode.OK);
        health.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Bucket_fills_up_with_time()
    {
        await using var service = await StartAsync(("Limits:RequestsPerSecond", "2"), ("Limits:RequestBurst", "1"));
        async Task<bool> IsServedAsync()
        {
            using var response = await service.Client.GetAsync("process", Cancellation);
            return response.IsSuccessStatusCode;
        }

        await Polling.UntilAsync(async () => !await IsServedAsync(), "A refusal");
        await Polling.UntilAsync(IsServedAsync, "An answer after the refusal");
    }

    [Fact]
    public async Task Requests_of_a_batch_count_for_the_rate()
    {
        await using var service = await StartAsync(("Limits:RequestsPerSecond", "1"), ("Limits:RequestBurst", "2"));

        using var response = await service.Client.PostAsync("$batch", Bodies.Json(Batch), Cancellation);

        var statuses = (await response.JsonAsync()).GetProperty("responses").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()).ToArray();
        statuses.ShouldContain(429);
    }

    [Fact]
    public async Task Requests_of_a_batch_need_no_permit_of_their_own()
    {
        await using var service = await StartAsync(("Limits:ConcurrentRequests", "1"), ("Limits:QueuedRequests", "0"));

        using var response = await service.Client.PostAsync("$batch", Bodies.Json(Batch), Cancellation);

        var statuses = (await response.JsonAsync()).GetProperty("responses").EnumerateArray().Select(r => r.GetProperty("status").GetInt32());
        statuses.ShouldBe([200, 200, 200, 200]);
    }

    [Fact]
    public async Task Requests_beyond_the_concurrency_return_429_and_other_tenants_are_served()
    {
        await using var service = await StartAsync(("Limits:ConcurrentRequests", "1"), ("Limits:QueuedRequests", "0"));
        using var caller = await OccupyAsync(service);

        using var refused = await service.Client.GetAsync("process", Cancellation);
        using var client = service.Authorized(_other);
        using var others = await client.GetAsync("process", Cancellation);

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        (await refused.JsonAsync()).Cause().ShouldBe("tooManyConcurrentRequests");
        others.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Request_that_waits_for_its_turn_is_processed_when_the_one_before_ends()
    {
        await using var service = await StartAsync(("Limits:ConcurrentRequests", "1"), ("Limits:QueuedRequests", "1"));
        using var caller = await OccupyAsync(service);

        var waiting = service.Client.GetAsync("process", Cancellation);
        await Polling.UntilAsync(
            async () =>
            {
                using var another = await service.Client.GetAsync("process", Cancellation);
                return another.StatusCode == HttpStatusCode.TooManyRequests;
            },
            "A full queue");
        waiting.IsCompleted.ShouldBeFalse();
        caller.Dispose();

        using var response = await waiting;
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Tenant_is_forgotten_when_it_sends_nothing_and_not_before()
    {
        await using var service = await StartAsync();
        var limiter = service.Services.GetRequiredService<RequestLimiter>();
        using var caller = await OccupyAsync(service);

        limiter.Sweep();
        limiter.TenantCount.ShouldBe(1);
        caller.Dispose();

        await Polling.UntilAsync(
            () =>
            {
                limiter.Sweep();
                return limiter.TenantCount == 0;
            },
            "The end of what is remembered of the tenant");
        using var response = await service.Client.GetAsync("process", Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Sends a request whose body does not end, and waits until it is being processed.</summary>
    private static async Task<RawCaller> OccupyAsync(RunningService service)
    {
        var caller = await RawCaller.ConnectAsync(service.Root);
        await caller.SendAsync("POST /process/runs/$ref", Tokens.Make(), "Content-Type: application/json\r\nContent-Length: 1000\r\n", "{");
        var budget = service.Services.GetRequiredService<RequestLimiter>().Budget;
        await Polling.UntilAsync(() => budget.HeldBytes > 0, "The reading of a body");
        return caller;
    }

    private Task<RunningService> StartAsync(params (string Key, string Value)[] settings) => RunningService.StartAsync(Database.ConnectionString, settings);
}
