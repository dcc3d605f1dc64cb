using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Durability;

/// <summary>
/// Verifies that acknowledged writes survive the kill of any process at any moment. These tests run the embedded
/// PostgreSQL in their own directories.
/// </summary>
public sealed class KillTests
{
    // Each of the three kills comes three times, or ten times in the long form of the fault suite.
    private static readonly int _rounds =
        Environment.GetEnvironmentVariable("INDUSTRYDATA_FAULTS_LONG") == "1" ? 30 : 9;

    private const int Reporters = 16;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_acknowledged_run_survives_the_end_of_every_process()
    {
        using var folder = new TemporaryDirectory();
        Uri url;
        await using (var service = await ServiceProcess.StartAsync(("DataDirectory", folder.Path)))
        {
            using var response = await service.Client.PostAsync(
                "beta/process/runs/$ref",
                Bodies.Json(Bodies.Run),
                Cancellation
            );
            response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
            url = response.Headers.Location!;
            await service.KillAsync();
            ServiceProcess.KillPostgres(folder.Path);
        }

        await using var again = await ServiceProcess.StartAsync(("DataDirectory", folder.Path));
        (await again.Client.GetJsonAsync(new Uri(again.Root, url.AbsolutePath)))
            .Text("displayName")
            .ShouldBe("Nightly rostering");
    }

    [Fact]
    public async Task No_acknowledged_run_is_lost_in_rounds_of_load_and_kill()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var folder = new TemporaryDirectory();
        var acknowledged = new ConcurrentBag<string>();
        var service = await ServiceProcess.StartAsync(("DataDirectory", folder.Path));
        try
        {
            for (var round = 0; round < _rounds; round++)
            {
                using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
                var reporting = service;
                var load = Task.WhenAll(
                    Enumerable.Range(0, Reporters).Select(_ => ReportAsync(reporting, acknowledged, enough.Token))
                );

                // The kill comes at a random moment of the load.
                await Task.Delay(random.Next(50, 1000), Cancellation);
                switch (round % 3)
                {
                    case 0:
                        // Only postgres is killed. The service restarts it.
                        ServiceProcess.KillPostmaster(folder.Path);
                        await WaitUntilReadyAsync(service);
                        break;
                    case 1:
                        // Only the service is killed. The next service adopts the running postgres.
                        await service.KillAsync();
                        break;
                    default:
                        await service.KillAsync();
                        ServiceProcess.KillPostgres(folder.Path);
                        break;
                }

                await enough.CancelAsync();
                await load;
                if (round % 3 != 0)
                {
                    await service.DisposeAsync();
                    service = await ServiceProcess.StartAsync(("DataDirectory", folder.Path));
                }
            }

            acknowledged.Count.ShouldBeGreaterThan(_rounds);
            var kept = new HashSet<string>();
            for (var next = new Uri(service.Root, "process/runs?$top=1000"); next is not null; )
            {
                var page = await service.Client.GetJsonAsync(next);
                kept.UnionWith(page.GetProperty("value").EnumerateArray().Select(r => r.Text("id")));
                next = page.TryGetProperty("@odata.nextLink", out var link) ? new Uri(link.GetString()!) : null;
            }

            acknowledged.Where(id => !kept.Contains(id)).ShouldBeEmpty($"seed {seed}");
            TestContext.Current.TestOutputHelper?.WriteLine($"{acknowledged.Count} acknowledged, {kept.Count} kept");
        }
        finally
        {
            await service.DisposeAsync();
        }
    }

    [Fact]
    public async Task Stopping_ends_postgres_too_and_leaves_the_exit_code_0()
    {
        using var folder = new TemporaryDirectory();
        await using var service = await ServiceProcess.StartAsync(("DataDirectory", folder.Path));

        (await service.StopAsync()).ShouldBe(0, service.Output);
        File.Exists(Path.Combine(folder.Path, "postgres", "cluster", "postmaster.pid")).ShouldBeFalse();
    }

    private static async Task ReportAsync(
        ServiceProcess service,
        ConcurrentBag<string> acknowledged,
        CancellationToken enough
    )
    {
        while (!enough.IsCancellationRequested)
        {
            try
            {
                using var response = await service.Client.PostAsync(
                    "process/runs/$ref",
                    Bodies.Json(Bodies.Run),
                    enough
                );
                if (response.StatusCode == HttpStatusCode.NoContent)
                {
                    acknowledged.Add(response.Headers.Location!.Segments[^1]);
                }
                else
                {
                    response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, service.Output);
                    response.Headers.RetryAfter.ShouldNotBeNull();

                    // A reporter pauses after a refusal.
                    await Task.Delay(20, enough);
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or SocketException)
            {
                // The service has been killed.
                return;
            }
            catch (OperationCanceledException)
            {
                // The round is over.
            }
        }
    }

    private static async Task WaitUntilReadyAsync(ServiceProcess service) =>
        await Poll.UntilAsync(
            async () =>
            {
                using var response = await service.Client.PostAsync(
                    "process/runs/$ref",
                    Bodies.Json(Bodies.Run),
                    Cancellation
                );
                return response.StatusCode == HttpStatusCode.NoContent;
            },
            TimeSpan.FromMinutes(2),
            "The service did not accept runs again"
        );
}
