using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.FunctionalTests.Live;

namespace IndustryData.WebApi.FunctionalTests.Instances;

/// <summary>
/// Tests two service processes on one database behind HAProxy with the configuration in <c>deploy/haproxy</c>.
/// </summary>
[Collection(typeof(SerialTests))]
public sealed class HaproxyTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Requests = 200;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_shows_the_writes_of_both_instances_and_the_end_of_one_stops_nothing()
    {
        Assert.SkipWhen(
            ProxyProgram.Find("haproxy") is null,
            "HAProxy is not installed. Install the package haproxy, or set CI=true."
        );
        await using var first = await StartServiceAsync();
        await using var second = await StartServiceAsync();
        var port = EmbeddedServer.FreePort();
        using var haproxy = Start(port, first.Root, second.Root);
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Make());
            await Poll.UntilAsync(async () => await ProxyProgram.IsReadyAsync(client), "An answer of HAProxy");

            // The stream is on one of the instances, and each of them gets a write.
            using (var stream = await LiveStream.OpenAsync(client))
            {
                foreach (var instance in (ServiceProcess[])[first, second])
                {
                    await stream.ReadToRunAsync(await AddAsync(instance.Client));
                }
            }

            var ids = new List<string>();
            for (var i = 0; i < Requests; i++)
            {
                if (i == Requests / 4)
                {
                    await second.KillAsync();
                }

                using var read = await client.GetAsync("process/runs?$top=1", Cancellation);
                read.StatusCode.ShouldBe(HttpStatusCode.OK, await read.Content.ReadAsStringAsync(Cancellation));
                ids.Add(await AddAsync(client));
            }

            var stored = await database.ReadAsync<string[]>("SELECT array_agg(id::text) FROM runs");
            ids.Except(stored).ShouldBeEmpty();
            stored.Length.ShouldBe(Requests + 2);
        }
        finally
        {
            haproxy.Kill(entireProcessTree: true);
            await haproxy.WaitForExitAsync(Cancellation);
        }
    }

    private Task<ServiceProcess> StartServiceAsync() =>
        ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", database.ConnectionString),
            ("ForwardedHeaders__KnownProxies__0", "127.0.0.1")
        );

    // A write whose answer is missing is repeated with its key, as a client does it.
    private static async Task<string> AddAsync(HttpClient client)
    {
        var key = Guid.NewGuid().ToString();
        string? id = null;
        await Poll.UntilAsync(
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "process/runs/$ref")
                {
                    Content = Bodies.Json(Bodies.Run),
                    Headers = { { "Idempotency-Key", key } },
                };
                using var response = await client.SendAsync(request, Cancellation);
                if (response.StatusCode == HttpStatusCode.NoContent)
                {
                    id = response.Headers.Location!.Segments[^1];
                }
                else
                {
                    response.StatusCode.ShouldBeOneOf(HttpStatusCode.BadGateway, HttpStatusCode.ServiceUnavailable);
                }

                return id is not null;
            },
            "The write"
        );
        return id!;
    }

    private static Process Start(int port, Uri first, Uri second)
    {
        var start = new ProcessStartInfo(
            ProxyProgram.Find("haproxy")!,
            ["-db", "-f", Repository.PathOf(Path.Combine("deploy", "haproxy", "haproxy.cfg"))]
        );
        start.Environment["LISTEN"] = $"127.0.0.1:{port}";
        start.Environment["INSTANCE_A"] = first.Authority;
        start.Environment["INSTANCE_B"] = second.Authority;
        return Process.Start(start)!;
    }
}
