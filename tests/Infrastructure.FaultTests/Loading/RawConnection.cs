using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>
/// An HTTP connection without a client library. It sends prepared bytes, can leave a request incomplete or a response
/// unread, and uses few resources.
/// </summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
    };

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _buffered;

    private RawConnection() { }

    /// <summary>Connects to the service.</summary>
    /// <param name="root">The root URL of the service.</param>
    /// <param name="receiveBufferBytes">The receive buffer of the operating system; null for the default.</param>
    public static async Task<RawConnection> OpenAsync(Uri root, int? receiveBufferBytes = null)
    {
        var connection = new RawConnection();
        if (receiveBufferBytes is { } bytes)
        {
            connection._socket.ReceiveBufferSize = bytes;
        }

        await connection._socket.ConnectAsync(IPAddress.Loopback, root.Port);
        return connection;
    }

    /// <summary>Returns the bytes of a request.</summary>
    /// <param name="line">The method and the path.</param>
    /// <param name="token">The bearer token.</param>
    /// <param name="body">The body; null for none.</param>
    /// <param name="header">Another header line without its line break; or an empty string.</param>
    /// <param name="declaredBytes">The Content-Length, if it differs from the length of the body.</param>
    public static byte[] Request(
        string line,
        string token,
        string? body = null,
        string header = "",
        int? declaredBytes = null
    )
    {
        var head = new StringBuilder($"{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n");
        if (header.Length > 0)
        {
            head.Append(header).Append("\r\n");
        }

        if (body is not null)
        {
            head.Append("Content-Type: application/json\r\nContent-Length: ")
                .Append(declaredBytes ?? Encoding.UTF8.GetByteCount(body))
                .Append("\r\n");
        }

        return Encoding.UTF8.GetBytes(head.Append("\r\n").Append(body).ToString());
    }

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await _socket.SendAsync(bytes, cancellationToken)..];
        }
    }

    /// <summary>Reads a complete response.</summary>
    /// <returns>The status of the response.</returns>
    /// <exception cref="IOException">The service closed the connection.</exception>
    public async Task<int> ReadStatusAsync()
    {
        int end;
        while ((end = _buffer.AsSpan(0, _buffered).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await FillAsync();
        }

        var head = Encoding.ASCII.GetString(_buffer, 0, end);
        Consume(end + 4);
        var status = int.Parse(head.AsSpan(9, 3), null);
        if (FindHeader(head, "Content-Length") is { } length)
        {
            await SkipAsync(int.Parse(length, null));
        }
        else if (FindHeader(head, "Transfer-Encoding") is not null)
        {
            await SkipChunksAsync();
        }

        return status;
    }

    public void Dispose() => _socket.Dispose();

    private static string? FindHeader(string head, string name) =>
        head.Split("\r\n").FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)) is { } line
            ? line[(name.Length + 1)..].Trim()
            : null;

    private async Task SkipChunksAsync()
    {
        int size;
        do
        {
            int end;
            while ((end = _buffer.AsSpan(0, _buffered).IndexOf("\r\n"u8)) < 0)
            {
                await FillAsync();
            }

            size = Convert.ToInt32(Encoding.ASCII.GetString(_buffer, 0, end), 16);
            Consume(end + 2);
            await SkipAsync(size + 2);
        } while (size > 0);
    }

    private async Task SkipAsync(int count)
    {
        while (count > 0)
        {
            if (_buffered == 0)
            {
                await FillAsync();
            }

            var skipped = Math.Min(count, _buffered);
            Consume(skipped);
            count -= skipped;
        }
    }

    private void Consume(int count)
    {
        _buffer.AsSpan(count, _buffered - count).CopyTo(_buffer);
        _buffered -= count;
    }

    private async Task FillAsync()
    {
        var read = await _socket.ReceiveAsync(_buffer.AsMemory(_buffered));
        if (read == 0)
        {
            throw new IOException("The service closed the connection.");
        }

        _buffered += read;
    }
}
