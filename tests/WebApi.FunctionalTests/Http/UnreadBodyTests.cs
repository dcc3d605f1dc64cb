using System.Globalization;
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
        var size = BodyBytes.ToString("x", CultureInfo.InvariantCulture);
        await Task.WhenAll(
            Enumerable
                .Range(0, 40)
                .Select(async _ =>
                {
                    using var caller = await RawCaller.ConnectAsync(Service.Root);
                    await caller.SendAsync(
                        Request,
                        Token,
                        isChunked ? "Transfer-Encoding: chunked\r\n" : $"Content-Length: {BodyBytes}\r\n",
                        isChunked ? $"{size}\r\n{_bytes}\r\n0\r\n\r\n" : _bytes
                    );

                    (await caller.ReadToAsync("invalidToken")).ShouldStartWith("HTTP/1.1 401");
                })
        );
    }

    [Fact]
    public async Task Connection_is_reused_after_a_refused_body()
    {
        using var caller = await RawCaller.ConnectAsync(Service.Root);
        foreach (var id in (string[])["first", "second", "third"])
        {
            await caller.SendAsync(
                Request,
                Token,
                $"client-request-id: {id}\r\nContent-Length: {BodyBytes}\r\n",
                _bytes
            );

            (await caller.ReadToAsync($"client-request-id: {id}")).ShouldContain("HTTP/1.1 401");
        }
    }

    [Fact]
    public async Task Client_that_stops_in_a_refused_body_gets_the_response_and_is_disconnected()
    {
        using var caller = await RawCaller.ConnectAsync(Service.Root);
        await caller.SendAsync(Request, Token, $"Content-Length: {BodyBytes}\r\n", _bytes[..(BodyBytes / 2)]);

        (await caller.ReadToAsync("invalidToken")).ShouldStartWith("HTTP/1.1 401");
        await caller.ReadToEndAsync();
    }
}
