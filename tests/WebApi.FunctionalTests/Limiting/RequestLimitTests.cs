using System.Net;
using System.Security.Claims;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.WebApi.FunctionalTests.Limiting;

[Collection(typeof(SerialTests))]
public sealed class RequestLimitTests(TestDatabase database) : FunctionalTest(database)
{
    private static readonly string _batch =
        $$"""{"requests":[{{string.Join(
            ',',
            Enumerable.Range(1, 20).Select(n => $$"""{"id":"{{n}}","method":"GET","url":"/process"}""")
        )}}]}""";

    private static readonly string _other = Tokens.Make(tid: Tokens.OtherTenant.ToString());

    [Fact]
    public async Task Requests_beyond_the_rate_return_429_and_other_tenants_are_served()
    {
        await using var service = await StartAsync(("Limits:RequestsPerSecond", "1"), ("Limits:RequestBurst", "3"));

        // These are far more requests than the bucket regains meanwhile.
        var responses = await Task.WhenAll(
            Enumerable.Range(0, 60).Select(_ => service.Client.GetAsync("process", Cancellation))
        );
        using var client = service.Authorized(_other);
        using var others = await client.GetAsync("process", Cancellation);
        using var health = await service.Client.GetAsync("health/live", Cancellation);

        responses.Count(r => r.StatusCode == HttpStatusCode.OK).ShouldBeGreaterThanOrEqualTo(3);
        var refused = responses.First(r => r.StatusCode == HttpStatusCode.TooManyRequests);
        refused
            .Headers.RetryAfter!.Delta.ShouldNotBeNull()
            .ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
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

        await Poll.UntilAsync(async () => !await IsServedAsync(), "A refusal");
        await Poll.UntilAsync(IsServedAsync, "An answer after the refusal");
    }

    [Fact]
    public async Task Requests_of_a_batch_count_for_the_rate()
    {
        await using var service = await StartAsync(("Limits:RequestsPerSecond", "1"), ("Limits:RequestBurst", "2"));

        using var response = await service.Client.PostAsync("$batch", Bodies.Json(_batch), Cancellation);

        var statuses = (await response.JsonAsync())
            .GetProperty("responses")
            .EnumerateArray()
            .Select(r => r.GetProperty("status").GetInt32())
            .ToArray();
        statuses.ShouldContain(429);
    }

    [Fact]
    public async Task Requests_of_a_batch_need_no_permit_of_their_own()
    {
        await using var service = await StartAsync(("Limits:ConcurrentRequests", "1"), ("Limits:QueuedRequests", "0"));

        using var response = await service.Client.PostAsync("$batch", Bodies.Json(_batch), Cancellation);

        var statuses = (await response.JsonAsync())
            .GetProperty("responses")
            .EnumerateArray()
            .Select(r => r.GetProperty("status").GetInt32());
        statuses.ShouldBe(Enumerable.Repeat(200, 20));
    }

    [Fact]
    public async Task Requests_beyond_the_concurrency_return_429_and_other_tenants_are_served()
    {
        await using var service = await StartAsync(("Limits:ConcurrentRequests", "1"), ("Limits:QueuedRequests", "0"));
        using var caller = Occupy(service).ShouldNotBeNull();

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
        var caller = Occupy(service).ShouldNotBeNull();
        var isServed = false;

        var waiting = service
            .Services.GetRequiredService<RequestLimiter>()
            .InvokeAsync(
                Context(service),
                isInBatch: false,
                _ =>
                {
                    isServed = true;
                    return Task.CompletedTask;
                }
            );
        Occupy(service).ShouldBeNull();
        isServed.ShouldBeFalse();
        caller.Dispose();
        await waiting;

        isServed.ShouldBeTrue();
    }

    [Fact]
    public async Task Tenant_is_forgotten_when_it_sends_nothing_and_not_before()
    {
        await using var service = await StartAsync();
        var limiter = service.Services.GetRequiredService<RequestLimiter>();
        using var caller = Occupy(service).ShouldNotBeNull();

        limiter.Sweep();
        limiter.TenantCount.ShouldBe(1);
        caller.Dispose();

        await Poll.UntilAsync(
            () =>
            {
                limiter.Sweep();
                return limiter.TenantCount == 0;
            },
            "The end of what is remembered of the tenant"
        );
        using var response = await service.Client.GetAsync("process", Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Request_that_waits_for_its_body_holds_no_permit_and_takes_one_when_the_body_is_whole()
    {
        const string part =
            """{"displayName":"x","startDateTime":"2026-11-22T02:00:00Z","status":"running","statistics":{""";
        await using var service = await StartAsync(("Limits:ConcurrentRequests", "1"), ("Limits:QueuedRequests", "0"));
        using var caller = await RawCaller.ConnectAsync(service.Root);
        await caller.SendAsync(
            "POST /process/runs/$ref",
            Tokens.Make(),
            FormattableString.Invariant($"Content-Type: application/json\r\nContent-Length: {part.Length + 2}\r\n"),
            part
        );
        var budget = service.Services.GetRequiredService<RequestLimiter>().Budget;
        await Poll.UntilAsync(() => budget.HeldBytes > 0, "The reading of a body");

        await Poll.UntilAsync(
            async () =>
            {
                using var beside = await service.Client.GetAsync("process", Cancellation);
                return beside.StatusCode == HttpStatusCode.OK;
            },
            "An answer beside the request that waits"
        );

        // The client has the answer before the service returns the permit.
        await Poll.UntilAsync(
            () =>
            {
                using var occupied = Occupy(service);
                return occupied is not null;
            },
            "A free permit"
        );
        await caller.SendAsync("}}");

        (await caller.ReadToAsync("\r\n\r\n")).ShouldStartWith("HTTP/1.1 204 ");
    }

    [Fact]
    public async Task Request_whose_body_is_whole_while_all_permits_are_taken_returns_429()
    {
        await using var service = await StartAsync(("Limits:ConcurrentRequests", "1"), ("Limits:QueuedRequests", "0"));
        using var caller = await RawCaller.ConnectAsync(service.Root);
        await caller.SendAsync(
            "POST /process/runs/$ref",
            Tokens.Make(),
            "Content-Type: application/json\r\nContent-Length: 2\r\n",
            "{"
        );
        var budget = service.Services.GetRequiredService<RequestLimiter>().Budget;
        await Poll.UntilAsync(() => budget.HeldBytes > 0, "The reading of a body");
        Occupation? occupied = null;
        await Poll.UntilAsync(() => (occupied = Occupy(service)) is not null, "A free permit");
        await caller.SendAsync("}");

        var refusal = await caller.ReadToAsync("tooManyConcurrentRequests");
        occupied!.Dispose();

        refusal.ShouldStartWith("HTTP/1.1 429 ");
        refusal.ShouldContain("tooManyConcurrentRequests");
    }

    [Fact]
    public async Task Long_answer_is_sent_after_its_endpoint_has_returned()
    {
        await using var service = await StartAsync();
        var (hasReturned, whenSent) = (false, (bool?)null);
        var http = Context(service);
        http.Response.Body = new Sink(() => whenSent ??= hasReturned);

        await service
            .Services.GetRequiredService<RequestLimiter>()
            .InvokeAsync(
                http,
                isInBatch: false,
                async context =>
                {
                    await context.Response.WriteJsonAsync(json => json.WriteStringValue(new string('x', 100_000)));
                    hasReturned = true;
                }
            );

        whenSent.ShouldBe(true);
    }

    /// <summary>Occupies a permit. Returns null if there is none.</summary>
    private static Occupation? Occupy(RunningService service)
    {
        var (end, isInside) = (new TaskCompletionSource(), false);
        var processing = service
            .Services.GetRequiredService<RequestLimiter>()
            .InvokeAsync(
                Context(service),
                isInBatch: false,
                _ =>
                {
                    isInside = true;
                    return end.Task;
                }
            );
        return isInside ? new Occupation(end, processing) : null;
    }

    private static DefaultHttpContext Context(RunningService service) =>
        new()
        {
            RequestServices = service.Services,
            User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("tid", Tokens.Tenant.ToString())])),
        };

    private sealed class Occupation(TaskCompletionSource end, Task processing) : IDisposable
    {
        public void Dispose()
        {
            end.TrySetResult();
            processing.GetAwaiter().GetResult();
        }
    }

    private sealed class Sink(Action write) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            write();
            return ValueTask.CompletedTask;
        }
    }

    private Task<RunningService> StartAsync(params (string Key, string Value)[] settings) =>
        RunningService.StartAsync(Database.ConnectionString, settings);
}
