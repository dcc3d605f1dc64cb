using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IndustryData.Benchmarks.Driving;

/// <summary>One HTTP/1.1 connection. It reads answers just so far that it knows their status, their body and their end.</summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[64 * 1024];
    private int _filled;

    public HttpConnection(int port) => _socket.Connect(new IPEndPoint(IPAddress.Loopback, port));

    /// <summary>Sends a request and waits for the answer.</summary>
    /// <param name="request">The whole request.</param>
    /// <param name="body">The answer's body, until the next request.</param>
    /// <returns>The status.</returns>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="InvalidDataException">The answer is no HTTP/1.1, or the server closed the connection.</exception>
    public int Send(byte[] request, out ReadOnlySpan<byte> body)
    {
        for (var sent = 0; sent < request.Length;)
        {
            sent += _socket.Send(request.AsSpan(sent));
        }

        _filled = 0;
        int head;
        while ((head = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            Receive();
        }

        var headers = _buffer.AsSpan(0, head + 2);
        if (!headers.StartsWith("HTTP/1.1 "u8))
        {
            throw new InvalidDataException("The answer is no HTTP/1.1.");
        }

        var status = int.Parse(headers.Slice(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        var start = head + 4;
        var length = 0;
        if (Header(headers, "\r\nContent-Length: "u8) is { Length: > 0 } number)
        {
            length = int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture);
            while (_filled < start + length)
            {
                Receive();
            }
        }
        else if (Header(headers, "\r\nTransfer-Encoding: "u8).SequenceEqual("chunked"u8))
        {
            length = ReadChunks(start);
        }

        body = _buffer.AsSpan(start, length);
        return status;
    }

    public void Dispose() => _socket.Dispose();

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
    private int ReadChunks(int start)
    {
        var (to, from) = (start, start);
        while (true)
        {
            int line;
            while ((line = _buffer.AsSpan(from, _filled - from).IndexOf("\r\n"u8)) < 0)
            {
                Receive();
            }

            var size = int.Parse(_buffer.AsSpan(from, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            from += line + 2;
            while (_filled < from + size + 2)
            {
                Receive();
            }

            if (size == 0)
            {
                return to - start;
            }

            _buffer.AsSpan(from, size).CopyTo(_buffer.AsSpan(to));
            to += size;
            from += size + 2;
        }
    }

    private void Receive()
    {
        if (_filled == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var received = _socket.Receive(_buffer.AsSpan(_filled));
        if (received == 0)
        {
            throw new InvalidDataException($"The server closed the connection after {Encoding.ASCII.GetString(_buffer, 0, Math.Min(_filled, 200))}");
        }

        _filled += received;
    }
}
