using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using IndustryData.Application.Common;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Limits the connections of one client address, so that one client cannot use all connections of the server. An IPv6
/// client is counted by its 64-bit network. Safe for concurrent use.
/// </summary>
internal sealed class ConnectionLimit(LimitOptions limits)
{
    private const int TcpNotSentLowWatermark = 25;

    // The maximum number of response bytes that the kernel buffers beyond the receive window of the client. The default
    // is megabytes, which delays the detection of a caller that does not read.
    private const int MaxUnsentBytes = 64 * 1024;

    private readonly int _maxPerAddress = Math.Max(
        1,
        (int)((long)limits.Connections * limits.ConnectionsPerAddressPercent / 100)
    );
    private readonly ConcurrentDictionary<UInt128, int> _connections = new();

    /// <summary>
    /// Processes a connection as connection middleware. Closes it at once if its address has too many connections.
    /// </summary>
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
            // The connection works without this option, or it is closed already.
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
