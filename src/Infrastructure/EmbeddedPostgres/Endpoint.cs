using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// The address at which the server listens: a Unix socket in the directory <paramref name="Host"/>, or TCP if that is
/// 127.0.0.1.
/// </summary>
internal sealed record Endpoint(string Host, int Port)
{
    private const string Loopback = "127.0.0.1";
    private const int SocketNumber = 5432;
    private const int MaxSocketPathLength = 107;

    public bool IsTcp => Host == Loopback;

    public override string ToString() => $"{Host}:{Port}";

    /// <summary>Chooses the endpoint for a server before its start.</summary>
    public static Endpoint Choose(string socketFolder, int? port)
    {
        if (port is { } wanted)
        {
            RequireFree(wanted);
            return new Endpoint(Loopback, wanted);
        }

        return CanHoldSocket(socketFolder)
            ? new Endpoint(socketFolder, SocketNumber)
            : new Endpoint(Loopback, FindFreePort());
    }

    // In a connection string, a comma separates hosts, and a colon precedes a port.
    private static bool CanHoldSocket(string directory) =>
        !OperatingSystem.IsWindows()
        && !directory.Any(c => c is ',' or ':' || char.IsControl(c))
        && Encoding.UTF8.GetByteCount($"{directory}/.s.PGSQL.{SocketNumber}") <= MaxSocketPathLength;

    private static void RequireFree(int port)
    {
        if (port is < 1 or > IPEndPoint.MaxPort)
        {
            throw new EmbeddedPostgresException(
                $"Setting EmbeddedPostgres:Port is {port}: "
                    + $"give a port from 1 to {IPEndPoint.MaxPort}, or remove the setting."
            );
        }

        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
        }
        catch (SocketException exception)
        {
            string wrong =
                exception.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? "is taken by another program"
                    : $"cannot be used ({exception.Message})";
            throw new EmbeddedPostgresException(
                $"Port {port} on {Loopback} {wrong}: "
                    + "set EmbeddedPostgres:Port to a free one, or remove the setting.",
                exception
            );
        }
    }

    private static int FindFreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
