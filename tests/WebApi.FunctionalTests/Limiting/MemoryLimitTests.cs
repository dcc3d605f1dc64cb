using System.Globalization;
using System.Net;
using System.Text.Json;
using IndustryData.Application.Common;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.WebApi.FunctionalTests.Limiting;

[Collection(typeof(SerialTests))]
public sealed class MemoryLimitTests(TestDatabase database) : FunctionalTest(database)
{
    private const int BatchBytes = 4_000_000;

    private static readonly string _other = Tokens.Make(tid: Tokens.OtherTenant.ToString());

    [Fact]
    public async Task Bodies_beyond_the_tenants_share_return_429_and_other_tenants_are_served()
    {
        await using var service = await StartAsync(("Limits:MemorySharePercent", "13"));
        using var first = await BeginBatchAsync(service, Tokens.Make());
        using var second = await BeginBatchAsync(service, Tokens.Make());
        await UntilHeldAsync(service, held => held >= 2 * BatchBytes);

        using var third = await BeginBatchAsync(service, Tokens.Make());
        var refusal = await third.ReadToAsync("memoryShareExceeded");
        using var client = service.Authorized(_other);
        using var others = await client.GetAsync("process/runs", Cancellation);

        refusal.ShouldStartWith("HTTP/1.1 429 ");
        refusal.ShouldContain("\r\nRetry-After: 1\r\n");
        refusal.ShouldContain("memoryShareExceeded");
        others.StatusCode.ShouldBe(HttpStatusCode.OK);
        first.Dispose();
        second.Dispose();
        await UntilHeldAsync(service, held => held == 0);
    }

    [Fact]
    public async Task Large_page_without_room_returns_429_before_it_is_read_and_a_small_one_is_served()
    {
        await using var service = await StartAsync(("Limits:MemorySharePercent", "13"));
        using var first = await BeginBatchAsync(service, Tokens.Make());
        using var second = await BeginBatchAsync(service, Tokens.Make());
        await UntilHeldAsync(service, held => held >= 2 * BatchBytes);

        foreach (var path in (string[])["process/runs", "process/runs/delta"])
        {
            using var large = await service.Client.GetAsync($"{path}?$top=1000", Cancellation);
            using var small = await service.Client.GetAsync($"{path}?$top=10", Cancellation);

            large.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests, path);
            (await large.JsonAsync()).Cause().ShouldBe("memoryShareExceeded");
            small.StatusCode.ShouldBe(HttpStatusCode.OK, path);
        }
    }

    [Fact]
    public void Memory_reserved_in_advance_is_used_first_and_the_rest_is_given_back()
    {
        var limits = new LimitOptions();
        using var load = new TenantLoad(limits);
        load.TryEnter();
        var budget = new MemoryBudget(limits);
        using (var admission = new Admission(load, budget, TimeSpan.FromSeconds(10)))
        {
            admission.ReserveInAdvance(1000);
            admission.Reserve(600);
            budget.HeldBytes.ShouldBe(1000);
            admission.Reserve(600);
            budget.HeldBytes.ShouldBe(1200);
            admission.ReserveInAdvance(500);
            admission.Release(1200);
            budget.HeldBytes.ShouldBe(500);
            admission.EndProcessing();
            budget.HeldBytes.ShouldBe(0);
            admission.ReserveInAdvance(500);
        }

        budget.HeldBytes.ShouldBe(0);
    }

    [Fact]
    public async Task Bodies_beyond_the_total_return_503()
    {
        await using var service = await StartAsync(("Limits:MemorySharePercent", "100"));
        var callers = new List<RawCaller>();
        try
        {
            for (var i = 0; i < 16; i++)
            {
                callers.Add(await BeginBatchAsync(service, i % 2 == 0 ? Tokens.Make() : _other));
            }

            await UntilHeldAsync(service, held => held >= 16 * BatchBytes);
            await AssertRefusedAsync(service);
        }
        finally
        {
            callers.ForEach(c => c.Dispose());
        }
    }

    private static async Task AssertRefusedAsync(RunningService service)
    {
        using var last = await BeginBatchAsync(service, _other);
        var refusal = await last.ReadToAsync("memoryLimitReached");

        refusal.ShouldStartWith("HTTP/1.1 503 ");
        refusal.ShouldContain("\r\nRetry-After: 1\r\n");
        refusal.ShouldContain("memoryLimitReached");
    }

    [Fact]
    public async Task Body_of_unknown_length_is_counted_as_it_grows()
    {
        await using var service = await StartAsync();
        using var caller = await RawCaller.ConnectAsync(service.Root);
        await caller.SendAsync(
            "POST /$batch",
            Tokens.Make(),
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        );
        for (var i = 0; i < 30; i++)
        {
            await caller.SendAsync($"186A0\r\n{new string(' ', 100_000)}\r\n");
        }

        await UntilHeldAsync(service, held => held >= 3_000_000);
        caller.Dispose();
        await UntilHeldAsync(service, held => held == 0);
    }

    [Fact]
    public async Task Body_that_is_declared_too_long_returns_413_and_holds_nothing()
    {
        await using var service = await StartAsync();
        using var caller = await RawCaller.ConnectAsync(service.Root);

        await caller.SendAsync(
            "POST /$batch",
            Tokens.Make(),
            "Content-Type: application/json\r\nContent-Length: 9000000000\r\n",
            "{"
        );

        (await caller.ReadToAsync("bodyTooLarge")).ShouldStartWith("HTTP/1.1 413 ");
        await UntilHeldAsync(service, held => held == 0);
    }

    [Fact]
    public async Task Body_that_stops_returns_408_and_its_connection_closes()
    {
        await using var service = await StartAsync(("Limits:IdleTransferSeconds", "1"));
        using var caller = await RawCaller.ConnectAsync(service.Root);

        await caller.SendAsync(
            "POST /$batch",
            Tokens.Make(),
            $"Content-Type: application/json\r\nContent-Length: {BatchBytes}\r\n",
            new string(' ', BatchBytes - 1000)
        );
        var refusal = await caller.ReadToAsync("requestTimeout");

        refusal.ShouldStartWith("HTTP/1.1 408 ");
        refusal.ShouldContain("\r\nConnection: close\r\n");
        await UntilHeldAsync(service, held => held == 0);
        await caller.ReadToEndAsync();
    }

    [Fact]
    public async Task Body_with_more_tokens_than_the_share_can_hold_returns_413()
    {
        await using var service = await StartAsync(("Limits:MemorySharePercent", "25"));
        var body = $$"""{"requests":[{{string.Join(',', Enumerable.Repeat("0", 1_000_000))}}]}""";

        using var response = await service.Client.PostAsync("$batch", Bodies.Json(body), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await response.JsonAsync()).Cause().ShouldBe("bodyTooComplex");
        await UntilHeldAsync(service, held => held == 0);
    }

    [Theory]
    [InlineData("GET /process/runs?$top=1000", "")]
    [InlineData("POST /$batch", """{"requests":[{"id":"1","method":"GET","url":"/process/runs?$top=1000"}]}""")]
    public async Task Caller_that_does_not_read_is_cut_off_and_its_answer_is_released(string request, string body)
    {
        await AddLargeRunsAsync();
        await using var service = await StartAsync(("Limits:IdleTransferSeconds", "1"));
        using var caller = await RawCaller.ConnectAsync(service.Root);

        await caller.SendAsync(
            request,
            Tokens.Make(),
            $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n",
            body
        );

        await UntilHeldAsync(service, held => held > 1_000_000);
        await UntilHeldAsync(service, held => held == 0);
        await caller.ReadToEndAsync();
    }

    [Fact]
    public async Task Answer_of_many_segments_is_whole_in_every_format_and_in_a_batch()
    {
        await AddLargeRunsAsync();
        using var response = await Client.GetAsync("process/runs?$top=1000", Cancellation);
        var bytes = await response.Content.ReadAsByteArrayAsync(Cancellation);
        var alone = JsonDocument.Parse(bytes).RootElement;
        var full = await Client.GetJsonAsync(
            new Uri(Service.Root, "process/runs?$top=1000&$format=application/json;odata.metadata=full")
        );
        using var batch = await Client.PostAsync(
            "$batch",
            Bodies.Json(
                """{"requests":[{"id":"1","method":"GET","url":"/process/runs?$top=1000"},"""
                    + """{"id":"2","method":"GET","url":"/process/runs/$count"},"""
                    + """{"id":"3","method":"HEAD","url":"/process/runs"}]}"""
            ),
            Cancellation
        );
        var answers = (await batch.JsonAsync())
            .GetProperty("responses")
            .EnumerateArray()
            .ToDictionary(a => a.Text("id"));

        bytes.Length.ShouldBeGreaterThan(2_000_000);
        response.Content.Headers.ContentLength.ShouldBe(bytes.Length);
        Names(full).ShouldBe(Names(alone));
        answers["1"].GetProperty("body").GetRawText().ShouldBe(alone.GetRawText());
        answers["2"].GetProperty("body").GetString().ShouldBe("60");
        answers["3"].TryGetProperty("body", out _).ShouldBeFalse();
        await UntilHeldAsync(Service, held => held == 0);
    }

    [Fact]
    public async Task Answer_beyond_the_share_returns_429()
    {
        await AddLargeRunsAsync();
        await using var service = await StartAsync(("Limits:MemorySharePercent", "1"));

        using var response = await service.Client.GetAsync("process/runs?$top=1000", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        (await response.JsonAsync()).Cause().ShouldBe("memoryShareExceeded");
        await UntilHeldAsync(service, held => held == 0);
    }

    [Fact]
    public void Caller_that_reads_nothing_is_cut_off_earlier_while_more_than_half_of_the_memory_is_held()
    {
        var limits = new LimitOptions { MemoryMegabytes = 64, MemorySharePercent = 100 };
        using var load = new TenantLoad(limits);
        load.TryEnter();
        using var admission = new Admission(load, new MemoryBudget(limits), TimeSpan.FromSeconds(10));

        admission.MaxStall.ShouldBe(TimeSpan.FromSeconds(20));
        admission.Reserve(33 * 1024 * 1024);
        admission.MaxStall.ShouldBe(TimeSpan.FromSeconds(4));
    }

    private static async Task<RawCaller> BeginBatchAsync(RunningService service, string token)
    {
        var caller = await RawCaller.ConnectAsync(service.Root);
        await caller.SendAsync(
            "POST /$batch",
            token,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Content-Type: application/json\r\nContent-Length: {BatchBytes}\r\n"
            ),
            "{"
        );
        return caller;
    }

    private static async Task UntilHeldAsync(RunningService service, Func<long, bool> condition)
    {
        var budget = service.Services.GetRequiredService<RequestLimiter>().Budget;
        await Poll.UntilAsync(() => condition(budget.HeldBytes), "The expected number of bytes held");
    }

    private static IEnumerable<string> Names(JsonElement page) =>
        page.GetProperty("value").EnumerateArray().Select(r => r.Text("id"));

    private Task<RunningService> StartAsync(params (string Key, string Value)[] settings) =>
        RunningService.StartAsync(Database.ConnectionString, [("Limits:MemoryMegabytes", "64"), .. settings]);

    private async Task AddLargeRunsAsync()
    {
        var run =
            Bodies.RunAt(1).Replace("\"running\"", "\"failed\"", StringComparison.Ordinal)[..^2]
            + ""","endDateTime":"2026-11-22T02:41:07Z","blockingError":"""
            + $$"""{"code":"x","message":"{{new string('x', 60_000)}}"} }""";
        for (var i = 0; i < 60; i++)
        {
            await AddAsync(run);
        }
    }
}
