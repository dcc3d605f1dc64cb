using System.Net;
using System.Net.Sockets;
using IndustryData.Application.Common;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace IndustryData.WebApi.FunctionalTests.Limiting;

[Collection(typeof(SerialTests))]
public sealed class ConnectionLimitTests(TestDatabase database) : FunctionalTest(database)
{
    private static readonly IPAddress _greedy = IPAddress.Parse("127.0.0.2");

    [Fact]
    public async Task Address_with_too_many_connections_gets_no_more_and_others_do()
    {
        await using var service = await RunningService.StartAsync(
            Database.ConnectionString,
            ("Limits:Connections", "10"),
            ("Limits:ConnectionsPerAddressPercent", "50")
        );
        var callers = new List<RawCaller>();
        try
        {
            for (var i = 0; i < 5; i++)
            {
                callers.Add(await RawCaller.ConnectAsync(service.Root, _greedy));
                (await AskAsync(callers[^1])).ShouldStartWith("HTTP/1.1 200 ");
            }

            (await ConnectAndAskAsync(service)).ShouldBeEmpty();
            using var health = await service.Client.GetAsync("health/live", Cancellation);
            health.StatusCode.ShouldBe(HttpStatusCode.OK);

            callers[0].Dispose();
            await Poll.UntilAsync(
                async () => (await ConnectAndAskAsync(service)).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal),
                "A connection in place of one that was closed"
            );
        }
        finally
        {
            callers.ForEach(c => c.Dispose());
        }
    }

    [Fact]
    public async Task Connection_over_a_Unix_socket_is_served()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var connection = new DefaultConnectionContext { RemoteEndPoint = new UnixDomainSocketEndPoint("/tmp/x") };
        connection.Features.Set<IConnectionSocketFeature>(new SocketFeature(socket));
        var isServed = false;

        await new ConnectionLimit(new LimitOptions()).InvokeAsync(
            connection,
            _ =>
            {
                isServed = true;
                return Task.CompletedTask;
            }
        );

        isServed.ShouldBeTrue();
    }

    private sealed record SocketFeature(Socket Socket) : IConnectionSocketFeature;

    /// <inheritdoc cref="AskAsync" />
    private static async Task<string> ConnectAndAskAsync(RunningService service)
    {
        try
        {
            using var caller = await RawCaller.ConnectAsync(service.Root, _greedy);
            return await AskAsync(caller);
        }
        catch (SocketException)
        {
            // The service closed the connection before the connect returned.
            return "";
        }
    }

    /// <summary>Returns the response of the service, or an empty string if the service closes the connection.</summary>
    private static async Task<string> AskAsync(RawCaller caller)
    {
        try
        {
            await caller.SendAsync("GET /health/live", "none");
            return await caller.ReadToAsync("\r\n\r\n");
        }
        catch (SocketException)
        {
            return "";
        }
    }
}
