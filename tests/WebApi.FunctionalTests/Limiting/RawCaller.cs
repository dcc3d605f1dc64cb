using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IndustryData.WebApi.FunctionalTests.Limiting;

/// <summary>A caller on its own connection that sends and reads exactly what the test specifies.</summary>
internal sealed class RawCaller : IDisposable
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(60);

    private readonly Socket _socket;

    private RawCaller(Socket socket) => _socket = socket;

    /// <summary>Connects, with a receive buffer of a few kilobytes.</summary>
    /// <param name="root">The service.</param>
    /// <param name="from">The local address; null for the default.</param>
    public static async Task<RawCaller> ConnectAsync(Uri root, IPAddress? from = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = 4096,
            NoDelay = true,
            LingerState = new LingerOption(true, 0),
        };
        socket.Bind(new IPEndPoint(from ?? IPAddress.Loopback, 0));
        await socket.ConnectAsync(IPAddress.Loopback, root.Port, TestContext.Current.CancellationToken);
        return new RawCaller(socket);
    }

    /// <summary>Sends a request's head and a part of its body.</summary>
    public async Task SendAsync(string requestLine, string token, string headers = "", string body = "") =>
        await _socket.SendAsync(
            Encoding.UTF8.GetBytes(
                $"{requestLine} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{headers}\r\n{body}"
            ),
            TestContext.Current.CancellationToken
        );

    /// <summary>Sends a part of a body.</summary>
    public async Task SendAsync(string body) =>
        await _socket.SendAsync(Encoding.UTF8.GetBytes(body), TestContext.Current.CancellationToken);

    /// <summary>Reads until the received text contains a text or the connection is closed.</summary>
    public async Task<string> ReadToAsync(string text)
    {
        using var timeout = new CancellationTokenSource(_timeout);
        var (answer, buffer) = (new StringBuilder(), new byte[4096]);
        while (!answer.ToString().Contains(text, StringComparison.Ordinal))
        {
            var count = await _socket.ReceiveAsync(buffer, timeout.Token);
            if (count == 0)
            {
                break;
            }

            answer.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return answer.ToString();
    }

    /// <summary>Reads and discards all data until the service closes the connection.</summary>
    public async Task ReadToEndAsync()
    {
        using var timeout = new CancellationTokenSource(_timeout);
        var buffer = new byte[4096];
        try
        {
            while (await _socket.ReceiveAsync(buffer, timeout.Token) > 0) { }
        }
        catch (SocketException)
        {
            // The service reset the connection.
        }
    }

    /// <summary>Closes the connection immediately.</summary>
    public void Dispose() => _socket.Dispose();
}
