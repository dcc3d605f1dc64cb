using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using IndustryData.Application.Common;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Limits the connections of one client address, so that it cannot hold all that the server accepts. An IPv6 client
/// counts by its network of 64 bits. Safe for concurrent use.
/// </summary>
internal sealed class ConnectionLimit(LimitOptions limits)
{
    private const int TcpNotSentLowWatermark = 25;

    // What the kernel keeps of an answer beyond what the client's window takes. By default that is megabytes, and a
    // caller that does not read is noticed late.
    private const int MaxUnsentBytes = 64 * 1024;

    private readonly int _maxPerAddress = Math.Max(
        1,
        (int)((long)limits.Connections * limits.ConnectionsPerAddressPercent / 100)
    );
    private readonly ConcurrentDictionary<UInt128, int> _connections = new();

    /// <summary>As connection middleware: closes a connection at once if its address has too many.</summary>
    public async Task InvokeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var address })
        {
            await next(connection);
            return;
        }

        LimitUnsentBytes(connection);
        var key = KeyOf(address);
        try
        {
            if (_connections.AddOrUpdate(key, 1, static (_, count) => count + 1) > _maxPerAddress)
            {
                connection.Abort(new ConnectionAbortedException("The client address has too many connections."));
                return;
            }

            await next(connection);
        }
        finally
        {
            if (_connections.AddOrUpdate(key, 0, static (_, count) => count - 1) == 0)
            {
                _connections.TryRemove(KeyValuePair.Create(key, 0));
            }
        }
    }

    private static void LimitUnsentBytes(ConnectionContext connection)
    {
        if (!OperatingSystem.IsLinux() || connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            return;
        }

        try
        {
            socket.SetRawSocketOption(
                (int)SocketOptionLevel.Tcp,
                TcpNotSentLowWatermark,
                BitConverter.GetBytes(MaxUnsentBytes)
            );
        }
        catch (SocketException)
        {
            // The connection works without it, or is closed already.
        }
    }

    private static UInt128 KeyOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        var key = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6 ? key >> 64 : key;
    }
}
