using System.Net;
using System.Net.Sockets;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>A TCP proxy on 127.0.0.1 that cuts connections at chosen points.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly Judge _judge;
    private readonly TcpProxy _proxy;
    private int _cuts;

    private CuttingProxy(int target, Judge judge)
    {
        _judge = judge;
        _proxy = TcpProxy.Start(new IPEndPoint(IPAddress.Loopback, target), PassAsync);
    }

    /// <summary>Decides whether to forward each piece of data.</summary>
    /// <param name="piece">The data that arrived at once.</param>
    /// <param name="isAnswer">True if the data comes from the server.</param>
    public delegate Cut Judge(ReadOnlySpan<byte> piece, bool isAnswer);

    /// <summary>The port on which the proxy listens.</summary>
    public int Port => _proxy.Port;

    /// <summary>The number of connections that were cut.</summary>
    public int Cuts => _cuts;

    /// <summary>Starts a proxy.</summary>
    /// <param name="targetPort">The port on 127.0.0.1 to which the proxy forwards.</param>
    /// <param name="judge">Decides about each piece of data. Many threads call it.</param>
    public static CuttingProxy Start(int targetPort, Judge judge) => new(targetPort, judge);

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();

    private async Task PassAsync(Socket source, Socket destination, bool isAnswer, CancellationToken stop)
    {
        var buffer = new byte[BufferBytes];
        while (await source.ReceiveAsync(buffer, stop) is > 0 and var count)
        {
            var cut = _judge(buffer.AsSpan(0, count), isAnswer);
            var passed = cut switch
            {
                Cut.None => count,
                Cut.Within => count / 2,
                _ => 0,
            };
            await SendAsync(destination, buffer.AsMemory(0, passed), stop);
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

    private static async Task SendAsync(Socket destination, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await destination.SendAsync(bytes, stop)..];
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
