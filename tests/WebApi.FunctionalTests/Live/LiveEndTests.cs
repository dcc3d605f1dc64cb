using System.Diagnostics;
using System.Net;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.FunctionalTests.Limiting;

namespace IndustryData.WebApi.FunctionalTests.Live;

/// <summary>Checks how streams end, and how many there can be.</summary>
[Collection(typeof(SerialTests))]
public sealed class LiveEndTests(TestDatabase database) : FunctionalTest(database)
{
    private static readonly TimeSpan _ofStop = TimeSpan.FromSeconds(2);

    // The goal is two seconds, which the benchmark measures. If streams do not end, the host waits for eight.
    private static readonly TimeSpan _ofProcess = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _ofToken = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Service_that_stops_says_goodbye_to_a_hundred_streams_within_two_seconds() =>
        (await Repeated.ShortestAsync(_ofStop, StopServiceAsync)).ShouldBeLessThan(_ofStop);

    private async Task<TimeSpan> StopServiceAsync()
    {
        var service = await RunningService.StartAsync(Database.ConnectionString);
        using var client = service.Authorized(Tokens.Make());
        var streams = await OpenAsync(client);

        var begin = Stopwatch.GetTimestamp();
        await service.DisposeAsync();
        var elapsed = Stopwatch.GetElapsedTime(begin);

        foreach (var stream in streams)
        {
            var last = await stream.ReadToAsync("bye");
            last.Retry!.Value.ShouldBeInRange(1_000, 2_000);
            (await stream.ReadAsync()).ShouldBeNull();
            stream.Dispose();
        }

        return elapsed;
    }

    [Fact]
    public async Task Process_with_a_hundred_streams_ends_with_success_after_the_signal_to_stop() =>
        (await Repeated.ShortestAsync(_ofProcess, StopProcessAsync)).ShouldBeLessThan(_ofProcess);

    private async Task<TimeSpan> StopProcessAsync()
    {
        await using var service = await ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", Database.ConnectionString)
        );
        var streams = await OpenAsync(service.Client);

        var begin = Stopwatch.GetTimestamp();
        var exitCode = await service.StopAsync();
        var elapsed = Stopwatch.GetElapsedTime(begin);

        streams.ForEach(s => s.Dispose());
        exitCode.ShouldBe(0, service.Output);
        return elapsed;
    }

    private static async Task<List<LiveStream>> OpenAsync(HttpClient client)
    {
        var streams = new List<LiveStream>();
        for (var i = 0; i < 100; i++)
        {
            streams.Add(await LiveStream.OpenAsync(client));
        }

        return streams;
    }

    [Fact]
    public async Task Streams_beyond_the_limits_are_refused_at_once_until_others_end()
    {
        await using var service = await RunningService.StartAsync(
            Database.ConnectionString,
            ("Limits:Streams", "3"),
            ("Limits:StreamsPerTenant", "2")
        );
        using var others = service.Authorized(Tokens.Make(tid: $"{Tokens.OtherTenant}"));
        using var first = await LiveStream.OpenAsync(service.Client);
        using var second = await LiveStream.OpenAsync(service.Client);

        using var ofTenant = await LiveStream.SendAsync(service.Client);
        ofTenant.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        ofTenant.Headers.RetryAfter.ShouldNotBeNull();
        (await ofTenant.JsonAsync()).Cause().ShouldBe("tooManyStreams");

        using var theirs = await LiveStream.OpenAsync(others);
        using var ofService = await LiveStream.SendAsync(others);
        ofService.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        ofService.Headers.RetryAfter.ShouldNotBeNull();
        (await ofService.JsonAsync()).Cause().ShouldBe("streamLimitReached");

        first.Dispose();
        await Poll.UntilAsync(
            async () =>
            {
                using var again = await LiveStream.SendAsync(service.Client);
                return again.StatusCode == HttpStatusCode.OK;
            },
            "A stream in place of one that was closed"
        );
    }

    [Fact]
    public async Task Waiting_streams_hold_no_permit_of_their_tenant()
    {
        await using var service = await RunningService.StartAsync(
            Database.ConnectionString,
            ("Limits:ConcurrentRequests", "1"),
            ("Limits:QueuedRequests", "0"),
            ("Limits:ConcurrentSlowReads", "1"),
            ("Limits:QueuedSlowReads", "0")
        );
        using var first = await LiveStream.OpenAsync(service.Client);
        using var second = await LiveStream.OpenAsync(service.Client, "?$filter=contains(displayName,'x')");

        var run = await AddAsync(Bodies.RunAt(1), service.Client);
        await first.ReadToRunAsync(run.Segments[^1]);
        await second.ReadToRunAsync(run.Segments[^1]);
    }

    [Fact]
    public async Task Expired_token_ends_the_stream()
    {
        // The token must still be valid when the stream is opened, also if the machine stalls.
        var lifetime = TimeSpan.FromSeconds(8);
        var limit = lifetime + _ofToken;
        var elapsed = await Repeated.ShortestAsync(
            limit,
            async () =>
            {
                // Each measurement has a token of its own, because the one before has expired.
                var expires = DateTime.UtcNow + lifetime;
                using var client = Service.Authorized(Tokens.Make(expires: expires));
                return await EndsAsync(client);
            }
        );

        elapsed.ShouldBeLessThan(limit);
    }

    [Fact]
    public async Task Revoked_token_ends_the_stream_and_no_other_one()
    {
        using var other = await LiveStream.OpenAsync(Client);
        var elapsed = await Repeated.ShortestAsync(
            _ofToken,
            async () =>
            {
                var tenant = Guid.NewGuid();
                using var client = Service.Authorized(Tokens.Make(tid: $"{tenant}"));
                return await EndsAsync(
                    client,
                    () =>
                        TokenRevocations.RevokeAsync(
                            Database.ConnectionString,
                            new TenantId(tenant),
                            DateTimeOffset.UtcNow,
                            Cancellation
                        )
                );
            }
        );

        elapsed.ShouldBeLessThan(_ofToken);
        await other.ReadToRunAsync((await AddAsync(Bodies.RunAt(1))).Segments[^1]);
    }

    [Fact]
    public async Task Reader_that_is_stuck_is_disconnected_and_others_are_not_delayed()
    {
        await using var service = await RunningService.StartAsync(Database.ConnectionString, ("Limits:Streams", "2"));
        using var stuck = await RawCaller.ConnectAsync(service.Root);
        await stuck.SendAsync("GET /process/runs/delta", Tokens.Make(), "Accept: text/event-stream\r\n");
        await stuck.ReadToAsync("event: ready");
        using var reader = await LiveStream.OpenAsync(service.Client);

        // Each event has about 200 KB.
        for (var i = 0; i < 5; i++)
        {
            await InsertAsync(150);
            (await reader.ReadToAsync("runs")).Entries.Count().ShouldBe(150);
        }

        await Poll.UntilAsync(
            async () =>
            {
                using var next = await LiveStream.SendAsync(service.Client);
                return next.StatusCode == HttpStatusCode.OK;
            },
            TimeSpan.FromSeconds(20),
            "The stuck reader is still connected"
        );
        await reader.ReadToRunAsync((await AddAsync(Bodies.RunAt(1), service.Client)).Segments[^1]);
    }

    // Opens a stream, waits until the service ends it, and returns the duration.
    private static async Task<TimeSpan> EndsAsync(HttpClient client, Func<Task>? cause = null)
    {
        using var stream = await LiveStream.OpenAsync(client);
        await (cause?.Invoke() ?? Task.CompletedTask);
        var begin = Stopwatch.GetTimestamp();
        LiveEvent? last;
        do
        {
            last = await stream.ReadAsync();
        } while (last is { Name: "ping" });

        last.ShouldBeNull();
        var elapsed = Stopwatch.GetElapsedTime(begin);
        using var again = await LiveStream.SendAsync(client);
        again.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        return elapsed;
    }

    private Task InsertAsync(int count) =>
        TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, blocking_error, created_date_time,
                last_modified_date_time, version, statistics, change_number)
            SELECT '{{Tokens.Tenant}}', gen_random_uuid(), 'n', now(), 1,
                json_build_object('code', 'x', 'message', repeat('x', 1000)), now(), now(), 1, '{}', change.number
            FROM generate_series(1, {{count}}), {{Database.NextChange(Tokens.Tenant)}}
            """
        );
}
