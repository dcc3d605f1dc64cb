using System.Diagnostics;
using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Limiting;

[Collection(typeof(SerialTests))]
public sealed class StopTests(TestDatabase database) : FunctionalTest(database)
{
    [Fact]
    public async Task Service_that_stops_is_not_ready()
    {
        await using var service = await RunningService.StartAsync(Database.ConnectionString);
        using var before = await service.Client.GetAsync("health/ready", Cancellation);
        var during = (HttpStatusCode?)null;
        var cause = "";
        var lifetime = service.Services.GetRequiredService<IHostApplicationLifetime>();
        using var registration = lifetime.ApplicationStopping.Register(() => (during, cause) = Ask(service.Client));

        await Task.Run(lifetime.StopApplication, Cancellation);

        before.StatusCode.ShouldBe(HttpStatusCode.OK);
        during.ShouldBe(HttpStatusCode.ServiceUnavailable);
        cause.ShouldBe("stopping");
    }

    [Fact]
    public async Task Stop_beside_callers_who_do_not_read_ends_within_seconds_and_with_success()
    {
        for (var i = 0; i < 20; i++)
        {
            await AddAsync(
                Bodies.RunAt(i)[..^2] + $$""","blockingError":{"code":"x","message":"{{new string('x', 60_000)}}"} }"""
            );
        }

        await using var service = await ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", Database.ConnectionString)
        );
        var callers = new List<RawCaller>();
        for (var i = 0; i < 5; i++)
        {
            callers.Add(await RawCaller.ConnectAsync(service.Root));
            await callers[^1].SendAsync("GET /process/runs", Tokens.Make());
            await callers[^1].ReadToAsync("HTTP/1.1 200");
        }

        var begin = Stopwatch.GetTimestamp();
        var exitCode = await service.StopAsync();
        var elapsed = Stopwatch.GetElapsedTime(begin);

        callers.ForEach(c => c.Dispose());
        exitCode.ShouldBe(0, service.Output);
        elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15));
    }

    /// <summary>
    /// Requests the readiness of the service and blocks until the response. The service stops listening only after
    /// that.
    /// </summary>
    private static (HttpStatusCode Status, string Cause) Ask(HttpClient client) =>
        Task.Run(() => AskAsync(client), Cancellation).GetAwaiter().GetResult();

    private static async Task<(HttpStatusCode Status, string Cause)> AskAsync(HttpClient client)
    {
        using var response = await client.GetAsync("health/ready", Cancellation);
        return (response.StatusCode, (await response.JsonAsync()).Cause());
    }
}
