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
                .Range(0, 8)
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
    public async Task Refused_body_is_discarded_beside_clients_that_send_theirs_byte_by_byte()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var slow = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => SendSlowlyAsync(stop.Token)).ToList();
        await Task.Delay(200, Cancellation);

        // A slow client that held a turn would hold it for five seconds.
        var limit = TimeSpan.FromSeconds(4);
        (await Repeated.ShortestAsync(limit, SendRefusedBodiesAsync)).ShouldBeLessThan(limit);
        await stop.CancelAsync();
        await Task.WhenAll(slow);
    }

    private async Task<TimeSpan> SendRefusedBodiesAsync()
    {
        using var caller = await RawCaller.ConnectAsync(Service.Root);
        var start = Stopwatch.GetTimestamp();
        foreach (var id in (string[])["small", "large", "last"])
        {
            var (head, body) = id == "small" ? Frame(isChunked: true, "{}") : Frame(isChunked: false, _bytes);
            await caller.SendAsync(Request, Token, $"client-request-id: {id}\r\n{head}", body);

            (await caller.ReadToAsync($"client-request-id: {id}")).ShouldContain("HTTP/1.1 401");
        }

        return Stopwatch.GetElapsedTime(start);
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

    // Sends half of a refused body, and then single bytes until the service closes the connection.
    private async Task SendSlowlyAsync(CancellationToken stop)
    {
        using var caller = await RawCaller.ConnectAsync(Service.Root);
        var (head, body) = Frame(isChunked: false, _bytes);
        try
        {
            await caller.SendAsync(Request, Token, head, body[..(BodyBytes / 2)]);
            while (!stop.IsCancellationRequested)
            {
                await caller.SendAsync(" ");
                await Task.Yield();
            }
        }
        catch (SocketException)
        {
            // The service closed the connection.
        }
    }
}
