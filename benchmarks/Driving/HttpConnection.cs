using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IndustryData.Benchmarks.Driving;

/// <summary>
/// One HTTP/1.1 connection that never blocks. It reads answers just so far that it knows their status, their body and
/// their end.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _filled;

    public HttpConnection(int port)
    {
        Socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
        Socket.Blocking = false;
    }

    public Socket Socket { get; } =
        new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Sends a request.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    public void Send(ReadOnlySpan<byte> request)
    {
        _filled = 0;
        while (request.Length > 0)
        {
            // The kernel's buffer holds more than a request: it is full for a moment at most.
            request = request[Done(Socket.Send(request, SocketFlags.None, out var error), error)..];
        }
    }

    /// <summary>Reads what has come.</summary>
    /// <param name="status">The status, when the answer is whole.</param>
    /// <param name="body">The answer's body, until the next request.</param>
    /// <returns>Whether the answer is whole.</returns>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="InvalidDataException">
    /// The answer is no HTTP/1.1, or the server closed the connection.
    /// </exception>
    public bool Receive(out int status, out ReadOnlySpan<byte> body)
    {
        if (_filled == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var received = Socket.Receive(_buffer.AsSpan(_filled), SocketFlags.None, out var error);
        if (received == 0 && error == SocketError.Success)
        {
            throw new InvalidDataException(
                $"The server closed the connection after {Encoding.ASCII.GetString(_buffer, 0, Math.Min(_filled, 200))}"
            );
        }

        _filled += Done(received, error);
        return IsWhole(out status, out body);
    }

    public void Dispose() => Socket.Dispose();

    private static int Done(int bytes, SocketError error) =>
        error switch
        {
            SocketError.Success => bytes,
            SocketError.WouldBlock => 0,
            _ => throw new SocketException((int)error),
        };

    private bool IsWhole(out int status, out ReadOnlySpan<byte> body)
    {
        status = 0;
        body = default;
        var read = _buffer.AsSpan(0, _filled);
        var head = read.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return false;
        }

        var headers = read[..(head + 2)];
        if (!headers.StartsWith("HTTP/1.1 "u8))
        {
            throw new InvalidDataException("The answer is no HTTP/1.1.");
        }

        status = int.Parse(headers.Slice(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        body = read[(head + 4)..];
        if (Header(headers, "\r\nContent-Length: "u8) is { Length: > 0 } number)
        {
            var length = int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture);
            if (body.Length < length)
            {
                return false;
            }

            body = body[..length];
        }
        else if (Header(headers, "\r\nTransfer-Encoding: "u8).SequenceEqual("chunked"u8))
        {
            // The last chunk is the only one that ends so: the texts in between have no line ends.
            if (!body.EndsWith("\r\n0\r\n\r\n"u8) && !body.SequenceEqual("0\r\n\r\n"u8))
            {
                return false;
            }

            body = Joined(_buffer.AsSpan(head + 4, body.Length));
        }
        else
        {
            body = default;
        }

        return true;
    }

    // Kestrel, which all of the servers here are, writes names in this case.
    private static ReadOnlySpan<byte> Header(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> name)
    {
        var at = headers.IndexOf(name);
        if (at < 0)
        {
            return [];
        }

        var value = headers[(at + name.Length)..];
        return value[..value.IndexOf("\r\n"u8)];
    }

    /// <summary>Moves the chunks together, so that the body lies in one piece.</summary>
    private static ReadOnlySpan<byte> Joined(Span<byte> chunks)
    {
        var (to, from) = (0, 0);
        while (true)
        {
            var line = chunks[from..].IndexOf("\r\n"u8);
            var size = int.Parse(chunks.Slice(from, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
            {
                return chunks[..to];
            }

            from += line + 2;
            chunks.Slice(from, size).CopyTo(chunks[to..]);
            to += size;
            from += size + 2;
        }
    }
}
