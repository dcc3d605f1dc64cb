using System.Runtime.Versioning;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using static IndustryData.Testing.EmbeddedServer;

namespace IndustryData.Infrastructure.IntegrationTests.EmbeddedPostgres;

[SupportedOSPlatform("linux")]
[Collection(typeof(SerialTests))]
public sealed class PostgresServerTests
{
    [Fact]
    public async Task Keeps_the_data_from_one_start_to_the_next()
    {
        using var folder = new TestDataDirectory();
        string first;
        await using (PostgresServer server = await StartAsync(folder))
        {
            first = server.ConnectionString;
            await AddRowAsync(server);
        }

        File.Exists(Path.Combine(folder.Cluster, "postmaster.pid")).ShouldBeFalse("disposing stops PostgreSQL");
        await using PostgresServer again = await StartAsync(folder);
        again.ConnectionString.ShouldBe(first);
        (await CountRowsAsync(again)).ShouldBe(1);
    }

    [Fact]
    public async Task Makes_a_cluster_that_is_safe_and_private()
    {
        using var folder = new TestDataDirectory();
        await using PostgresServer server = await StartAsync(folder);

        Directory
            .GetFileSystemEntries(Path.Combine(folder.Path, "postgres"))
            .Select(Path.GetFileName)
            .ShouldBe(["cluster", "start.log", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"], ignoreOrder: true);
        File.GetUnixFileMode(Path.Combine(folder.Path, "postgres")).ShouldBe(Mode("700"));
        File.GetUnixFileMode(folder.Cluster).ShouldBe(Mode("700"));
        File.GetUnixFileMode(Path.Combine(folder.Cluster, "industrydata.password")).ShouldBe(Mode("600"));
        File.GetUnixFileMode(Path.Combine(folder.Cluster, "industrydata.conf")).ShouldBe(Mode("600"));
        (await SettingAsync(server, "listen_addresses")).ShouldBe("");
        (await SettingAsync(server, "server_encoding")).ShouldBe("UTF8");
        (await SettingAsync(server, "lc_collate")).ShouldBe("C");
        (await SettingAsync(server, "data_checksums")).ShouldBe("on");
        (await SettingAsync(server, "fsync")).ShouldBe("on");
        (await SettingAsync(server, "max_connections")).ShouldBe("120");
        (await SettingAsync(server, "max_wal_size")).ShouldBe("2GB");
        (await SettingAsync(server, "wal_compression")).ShouldBe("lz4");
        (await SettingAsync(server, "TimeZone")).ShouldBe("UTC");
        (await SettingAsync(server, "logging_collector")).ShouldBe("on");

        var stranger = new NpgsqlConnectionStringBuilder(server.ConnectionString)
        {
            Password = "guess",
            Pooling = false,
        };
        await using var connection = new NpgsqlConnection(stranger.ConnectionString);
        (await Should.ThrowAsync<PostgresException>(() => connection.OpenAsync(Token))).SqlState.ShouldBe(
            PostgresErrorCodes.InvalidPassword
        );
    }

    [Fact]
    public async Task Supervision_ends_with_the_server()
    {
        using var folder = new TestDataDirectory();
        PostgresServer server = await StartAsync(folder);
        Task supervision = server.SuperviseAsync(Token);

        await server.DisposeAsync();

        await supervision;
        File.Exists(Path.Combine(folder.Cluster, "postmaster.pid")).ShouldBeFalse();
    }

    [Fact]
    public async Task Stops_what_it_has_started_when_it_is_cancelled()
    {
        using var folder = new TestDataDirectory();
        await (await StartAsync(folder)).DisposeAsync();

        // The start ends soon after the file exists. A machine that stalls may cancel too late.
        var wasCancelled = false;
        for (var attempt = 0; attempt < 5 && !wasCancelled; attempt++)
        {
            using var source = new CancellationTokenSource();
            var start = PostgresServer.StartAsync(
                folder.Resolve(),
                new EmbeddedPostgresOptions(),
                NullLogger.Instance,
                source.Token
            );
            while (!File.Exists(Path.Combine(folder.Cluster, "postmaster.pid")))
            {
                await Task.Yield();
            }

            await source.CancelAsync();
            try
            {
                await (await start).DisposeAsync();
            }
            catch (OperationCanceledException)
            {
                wasCancelled = true;
            }
        }

        wasCancelled.ShouldBeTrue();
        File.Exists(Path.Combine(folder.Cluster, "postmaster.pid")).ShouldBeFalse();
    }

    private static UnixFileMode Mode(string octal) => (UnixFileMode)Convert.ToInt32(octal, 8);
}
