using System.Diagnostics;
using System.Net.Http.Headers;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Live;

/// <summary>Reads a stream through nginx with its default settings, which buffer responses.</summary>
public sealed class LiveProxyTests(TestDatabase database) : FunctionalTest(database)
{
    // nginx holds a response that it buffers until its buffers are full, or the response ends.
    private static readonly TimeSpan _ofEvent = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Change_is_sent_at_once_through_a_proxy_that_buffers()
    {
        Assert.SkipWhen(
            ProxyProgram.Find("nginx") is null,
            "nginx is not installed. Install the package nginx-light, or set CI=true."
        );
        using var folder = new TemporaryDirectory();
        var port = EmbeddedServer.FreePort();
        using var nginx = await StartAsync(folder.Path, port);
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Make());
            await Poll.UntilAsync(() => ProxyProgram.IsReadyAsync(client), "An answer of nginx");
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            limit.CancelAfter(_ofEvent);

            using var stream = await LiveStream.OpenAsync(client, cancellation: limit.Token);
            var run = await AddAsync(Bodies.RunAt(1));

            var changes = await stream.ReadAsync(limit.Token);
            changes!.Entries.Select(e => e.Text("id")).ShouldBe([run.Segments[^1]]);
        }
        finally
        {
            nginx.Kill(entireProcessTree: true);
            await nginx.WaitForExitAsync(Cancellation);
        }
    }

    private async Task<Process> StartAsync(string folder, int port)
    {
        var configuration = Path.Combine(folder, "nginx.conf");

        // Only what nginx needs to run without root's directories. The settings of the proxy are the defaults.
        await File.WriteAllTextAsync(
            configuration,
            $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            daemon off;
            pid {{folder}}/nginx.pid;
            error_log stderr;
            events { }
            http {
                access_log off;
                client_body_temp_path {{folder}}/body;
                proxy_temp_path {{folder}}/proxy;
                fastcgi_temp_path {{folder}}/fastcgi;
                uwsgi_temp_path {{folder}}/uwsgi;
                scgi_temp_path {{folder}}/scgi;
                server {
                    listen 127.0.0.1:{{port}};
                    location / { proxy_pass {{Service.Root}}; }
                }
            }
            """,
            Cancellation
        );
        return Process.Start(new ProcessStartInfo(ProxyProgram.Find("nginx")!, ["-c", configuration, "-e", "stderr"]))!;
    }
}
