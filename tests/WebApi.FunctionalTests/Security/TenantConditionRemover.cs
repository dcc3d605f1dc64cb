using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>
/// A proxy before PostgreSQL that replaces the condition on the tenant by <c>TRUE</c> in each statement, as if the
/// service had forgotten it.
/// </summary>
internal sealed partial class TenantConditionRemover : IAsyncDisposable
{
    private const byte ParseMessage = (byte)'P';

    private readonly bool _forgesTenants;
    private readonly TcpProxy _proxy;
    private int _removed;

    private TenantConditionRemover(NpgsqlConnectionStringBuilder server, bool forgesTenants)
    {
        _forgesTenants = forgesTenants;
        EndPoint target = server.Host!.StartsWith('/')
            ? new UnixDomainSocketEndPoint(Path.Combine(server.Host, $".s.PGSQL.{server.Port}"))
            : new DnsEndPoint(server.Host, server.Port);
        _proxy = TcpProxy.Start(target, PassAsync);

        // Without prepared statements, each execution sends its text.
        ConnectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString)
        {
            Host = "127.0.0.1",
            Port = _proxy.Port,
            SslMode = SslMode.Disable,
            GssEncryptionMode = GssEncryptionMode.Disable,
            MaxAutoPrepare = 0,
        }.ConnectionString;
    }

    /// <summary>The connection string of the database behind the proxy.</summary>
    public string ConnectionString { get; }

    /// <summary>The number of conditions that were removed.</summary>
    public int Removed => Volatile.Read(ref _removed);

    /// <summary>Starts a proxy for the server of a connection string.</summary>
    /// <param name="connectionString">The connection string.</param>
    /// <param name="forgesTenants">
    /// True to return the tenant of the caller in each row of a lookup, so that the service cannot check it.
    /// </param>
    public static TenantConditionRemover Start(string connectionString, bool forgesTenants) =>
        new(new NpgsqlConnectionStringBuilder(connectionString), forgesTenants);

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();

    private async Task PassAsync(Socket source, Socket destination, bool isAnswer, CancellationToken stop)
    {
        await using var from = new NetworkStream(source);
        await using var to = new NetworkStream(destination);
        if (isAnswer)
        {
            await from.CopyToAsync(to, stop);
            return;
        }

        // The first message of a connection has no type.
        for (var typeLength = 0; ; typeLength = 1)
        {
            var header = new byte[typeLength + sizeof(int)];
            await from.ReadExactlyAsync(header, stop);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(typeLength)) - sizeof(int)];
            await from.ReadExactlyAsync(body, stop);
            if (typeLength > 0 && header[0] == ParseMessage)
            {
                RemoveFrom(body);
            }

            await to.WriteAsync((byte[])[.. header, .. body], stop);
        }
    }

    private void RemoveFrom(byte[] statement)
    {
        var text = Encoding.Latin1.GetString(statement);
        foreach (var condition in Condition().EnumerateMatches(text))
        {
            Replace(condition, "TRUE");
            Interlocked.Increment(ref _removed);
        }

        if (_forgesTenants)
        {
            foreach (var column in TenantOfLookup().EnumerateMatches(text))
            {
                Replace(column, "$1");
            }
        }

        // The message keeps its length.
        void Replace(ValueMatch match, string other) =>
            Encoding.Latin1.GetBytes(other.PadRight(match.Length)).CopyTo(statement, match.Index);
    }

    [GeneratedRegex(@"(?<!\.)\btenant_id = \$\d+")]
    private static partial Regex Condition();

    [GeneratedRegex(@"\btenant_id(?= FROM runs WHERE tenant_id = \$1)")]
    private static partial Regex TenantOfLookup();
}
