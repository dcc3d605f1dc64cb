using System.Net.Sockets;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>Sends bytes to the service without a library that could correct or refuse them.</summary>
internal static class RawHttpClient
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(30);

    // The timeout for requests that may be incomplete. The server waits for their remainder.
    private static readonly TimeSpan _shortTimeout = TimeSpan.FromMilliseconds(300);

    /// <summary>Sends a request on a new connection and returns all received bytes.</summary>
    public static async Task<byte[]> SendAsync(Uri root, byte[] request, bool isWhole, bool endsEarly)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        // There are thousands of connections, so none of them lingers.
        socket.LingerState = new LingerOption(true, 0);
        await socket.ConnectAsync(root.Host, root.Port);
        using var answer = new MemoryStream();
        var buffer = new byte[64 * 1024];
        try
        {
            var sending = SendAsync(socket, request, endsEarly);
            using var timeout = new CancellationTokenSource(isWhole ? _timeout : _shortTimeout);
            while (await socket.ReceiveAsync(buffer, timeout.Token) is var count and > 0)
            {
                answer.Write(buffer, 0, count);
            }

            await sending;
        }
        catch (SocketException)
        {
            // The server may close the connection before all bytes are sent. The bytes received until then count.
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
