using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IndustryData.Benchmarks.LoadGeneration;

/// <summary>
/// A non-blocking HTTP/1.1 connection. It parses responses only as far as necessary to find their status, their body
/// and their end.
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
    /// <exception cref="SocketException">The connection failed.</exception>
    public void Send(ReadOnlySpan<byte> request)
    {
        _filled = 0;
        while (request.Length > 0)
        {
            // The buffer of the kernel is larger than a request. It is full only for a moment.
            request = request[Done(Socket.Send(request, SocketFlags.None, out var error), error)..];
        }
    }

    /// <summary>Reads the available part of a response.</summary>
    /// <param name="status">The status, if the response is complete.</param>
    /// <param name="body">The body, if the response is complete. It is valid until the next request.</param>
    /// <returns>True if the response is complete.</returns>
    /// <exception cref="SocketException">The connection failed.</exception>
    /// <exception cref="InvalidDataException">
    /// The response is not HTTP/1.1, or the server closed the connection.
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
            throw new InvalidDataException("The response is not HTTP/1.1.");
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
            // Only the last chunk ends like this, because the texts in the other chunks contain no line breaks.
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

    // The comparison is case-sensitive. All servers here are Kestrel, which writes header names in this case.
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

    /// <summary>Joins the chunks in place, so that the body is contiguous.</summary>
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
