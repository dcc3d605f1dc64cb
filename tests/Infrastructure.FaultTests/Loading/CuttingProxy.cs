using System.Net;
using System.Net.Sockets;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>A TCP proxy on 127.0.0.1 that cuts connections at chosen points.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly Judge _judge;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _cuts;

    private CuttingProxy(int target, Judge judge)
    {
        _target = target;
        _judge = judge;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Decides whether to forward each piece of data.</summary>
    /// <param name="piece">The data that arrived at once.</param>
    /// <param name="isAnswer">True if the data comes from the server.</param>
    public delegate Cut Judge(ReadOnlySpan<byte> piece, bool isAnswer);

    /// <summary>The port on which the proxy listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The number of connections that were cut.</summary>
    public int Cuts => _cuts;

    /// <summary>Starts a proxy.</summary>
    /// <param name="targetPort">The port on 127.0.0.1 to which the proxy forwards.</param>
    /// <param name="judge">Decides about each piece of data. Many threads call it.</param>
    public static CuttingProxy Start(int targetPort, Judge judge) => new(targetPort, judge);

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
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.NoDelay = true;
        using (client)
        {
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
                await await Task.WhenAny(PassAsync(client, server, false), PassAsync(server, client, true));
            }
            catch (Exception exception)
                when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side has closed its connection. The connection to the other side is closed here.
            }
        }
    }

    private async Task PassAsync(Socket source, Socket destination, bool isAnswer)
    {
        var buffer = new byte[BufferBytes];
        while (await source.ReceiveAsync(buffer, _stop.Token) is > 0 and var count)
        {
            var cut = _judge(buffer.AsSpan(0, count), isAnswer);
            var passed = cut switch
            {
                Cut.None => count,
                Cut.Within => count / 2,
                _ => 0,
            };
            await SendAsync(destination, buffer.AsMemory(0, passed));
            if (cut == Cut.None)
            {
                continue;
            }

            Interlocked.Increment(ref _cuts);
            if (cut == Cut.Reset)
            {
                source.LingerState = destination.LingerState = new LingerOption(true, 0);
            }

            return;
        }
    }

    private async Task SendAsync(Socket destination, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await destination.SendAsync(bytes, _stop.Token)..];
        }
    }
}

/// <summary>The treatment of a piece of data.</summary>
internal enum Cut
{
    /// <summary>The data is forwarded.</summary>
    None,

    /// <summary>No data is forwarded, and both connections are closed.</summary>
    Before,

    /// <summary>The first half of the data is forwarded, and both connections are closed.</summary>
    Within,

    /// <summary>No data is forwarded, and both connections are reset.</summary>
    Reset,
}
