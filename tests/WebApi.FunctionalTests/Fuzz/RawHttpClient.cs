using System.Net.Sockets;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>Sends bytes to the service, with nothing between that would mend or refuse them.</summary>
internal static class RawHttpClient
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    // For what may be no whole request: the server waits for the rest of it then.
    private static readonly TimeSpan _littlePatience = TimeSpan.FromMilliseconds(300);

    /// <summary>Sends a request on a connection of its own and gives all that comes back.</summary>
    public static async Task<byte[]> SendAsync(Uri root, byte[] request, bool isWhole, bool endsEarly)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        // Thousands of connections: none lingers.
        socket.LingerState = new LingerOption(true, 0);
        await socket.ConnectAsync(root.Host, root.Port);
        using var answer = new MemoryStream();
        var buffer = new byte[64 * 1024];
        try
        {
            var sending = SendAsync(socket, request, endsEarly);
            using var patience = new CancellationTokenSource(isWhole ? _patience : _littlePatience);
            while (await socket.ReceiveAsync(buffer, patience.Token) is var count and > 0)
            {
                answer.Write(buffer, 0, count);
            }

            await sending;
        }
        catch (SocketException)
        {
            // The server may end the connection before all is sent. What it said until then counts.
        }
        catch (OperationCanceledException) when (!isWhole) { }

        return answer.ToArray();
    }

    private static async Task SendAsync(Socket socket, byte[] request, bool endsEarly)
    {
        for (var sent = 0; sent < request.Length; )
        {
            sent += await socket.SendAsync(request.AsMemory(sent));
        }

        if (endsEarly)
        {
            socket.Shutdown(SocketShutdown.Send);
        }
    }
}
