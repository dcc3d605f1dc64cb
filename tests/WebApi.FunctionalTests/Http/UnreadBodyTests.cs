using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.FunctionalTests.Limiting;

namespace IndustryData.WebApi.FunctionalTests.Http;

public sealed class UnreadBodyTests(TestDatabase database) : FunctionalTest(database)
{
    private const int BodyBytes = 900_000;
    private const string Request = "POST /process/runs/$ref";
    private const string Token = "x";

    private static readonly string _bytes = new(' ', BodyBytes);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Clients_that_send_a_refused_body_completely_read_the_response(bool isChunked)
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, 40)
                .Select(async _ =>
                {
                    using var caller = await RawCaller.ConnectAsync(Service.Root);
                    var (head, body) = Frame(isChunked, _bytes);
                    await caller.SendAsync(Request, Token, head, body);

                    (await caller.ReadToAsync("invalidToken")).ShouldStartWith("HTTP/1.1 401");
                })
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_is_reused_after_a_refused_body_that_was_sent_with_a_pause(bool isChunked)
    {
        using var caller = await RawCaller.ConnectAsync(Service.Root);
        foreach (var id in (string[])["first", "second", "third"])
        {
            var (head, body) = Frame(isChunked, _bytes);
            await caller.SendAsync(Request, Token, $"client-request-id: {id}\r\n{head}", body[..(BodyBytes / 2)]);
            await Task.Delay(100, Cancellation);
            await caller.SendAsync(body[(BodyBytes / 2)..]);

            (await caller.ReadToAsync($"client-request-id: {id}")).ShouldContain("HTTP/1.1 401");
        }
    }

    [Fact]
    public async Task Small_refused_body_does_not_wait_for_large_ones()
    {
        using var slow = await RawCaller.ConnectAsync(Service.Root);
        var (slowHead, slowBody) = Frame(isChunked: false, _bytes);
        await slow.SendAsync(Request, Token, slowHead, slowBody[..(BodyBytes / 2)]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var dribbling = DribbleAsync(slow, stop.Token);
        using var caller = await RawCaller.ConnectAsync(Service.Root);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < 3; i++)
        {
            var (head, body) = Frame(isChunked: true, "{}");
            await caller.SendAsync(Request, Token, $"client-request-id: {i}\r\n{head}", body);

            (await caller.ReadToAsync($"client-request-id: {i}")).ShouldContain("HTTP/1.1 401");
        }

        Stopwatch.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(4));
        await stop.CancelAsync();
        await dribbling;
    }

    [Fact]
    public async Task Client_that_stops_in_a_refused_body_gets_the_response_and_is_disconnected()
    {
        using var caller = await RawCaller.ConnectAsync(Service.Root);
        var (head, body) = Frame(isChunked: false, _bytes);
        await caller.SendAsync(Request, Token, head, body[..(BodyBytes / 2)]);

        (await caller.ReadToAsync("invalidToken")).ShouldStartWith("HTTP/1.1 401");
        await caller.ReadToEndAsync();
    }

    private static (string Head, string Body) Frame(bool isChunked, string body) =>
        isChunked
            ? (
                "Transfer-Encoding: chunked\r\n",
                $"{body.Length.ToString("x", CultureInfo.InvariantCulture)}\r\n{body}\r\n0\r\n\r\n"
            )
            : ($"Content-Length: {body.Length}\r\n", body);

    // Sends a byte every few milliseconds until the service closes the connection.
    private static async Task DribbleAsync(RawCaller caller, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await caller.SendAsync(" ");
                await Task.Delay(2, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (SocketException)
        {
            // The service closed the connection.
        }
    }
}
