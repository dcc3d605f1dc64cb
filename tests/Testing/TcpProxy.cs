using System.Net;
using System.Net.Sockets;

namespace IndustryData.Testing;

/// <summary>A TCP proxy on 127.0.0.1, whose user decides what it passes on.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly EndPoint _target;
    private readonly Passing _pass;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    private TcpProxy(EndPoint target, Passing pass)
    {
        (_target, _pass) = (target, pass);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Passes data on until one side ends. Both connections are closed after that.</summary>
    /// <param name="source">The connection to read from.</param>
    /// <param name="destination">The connection to write to.</param>
    /// <param name="isAnswer">True if the data comes from the server.</param>
    /// <param name="stop">Is canceled when the proxy is disposed.</param>
    public delegate Task Passing(Socket source, Socket destination, bool isAnswer, CancellationToken stop);

    /// <summary>The port on which the proxy listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Starts a proxy.</summary>
    /// <param name="target">The address to which the proxy connects. It may be a Unix socket.</param>
    /// <param name="pass">Passes the data of a connection on. It is called for each direction.</param>
    public static TcpProxy Start(EndPoint target, Passing pass) => new(target, pass);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The proxy is disposed.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server =
            _target is UnixDomainSocketEndPoint
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(_target, _stop.Token);
                await await Task.WhenAny(
                    _pass(client, server, false, _stop.Token),
                    _pass(server, client, true, _stop.Token)
                );
            }
            catch (Exception exception)
                when (exception
                        is SocketException
                            or IOException
                            or OperationCanceledException
                            or ObjectDisposedException
                )
            {
                // One side has closed its connection. The connection to the other side is closed here.
            }
        }
    }
}
