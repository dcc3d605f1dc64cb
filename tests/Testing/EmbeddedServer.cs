using System.Net;
using System.Net.Sockets;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IndustryData.Testing;

/// <summary>Starts embedded servers and reads from them.</summary>
internal static class EmbeddedServer
{
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<PostgresServer> StartAsync(TestDataDirectory folder, EmbeddedPostgresOptions? options = null) =>
        PostgresServer.StartAsync(
            folder.Resolve(),
            options ?? new EmbeddedPostgresOptions(),
            NullLogger.Instance,
            Token
        );

    public static Task<object?> AddRowAsync(PostgresServer server) =>
        ReadAsync(server, "CREATE TABLE IF NOT EXISTS kept (value int); INSERT INTO kept VALUES (1)");

    public static async Task<long> CountRowsAsync(PostgresServer server) =>
        (long)(await ReadAsync(server, "SELECT count(*) FROM kept"))!;

    public static async Task<string> SettingAsync(PostgresServer server, string name) =>
        (string)(await ReadAsync(server, $"SHOW {name}"))!;

    public static async Task<object?> ReadAsync(PostgresServer server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.Superuser.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
