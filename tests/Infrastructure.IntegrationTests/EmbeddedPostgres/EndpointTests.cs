using System.Diagnostics;
using System.Runtime.Versioning;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using static IndustryData.Testing.EmbeddedServer;

namespace IndustryData.Infrastructure.IntegrationTests.EmbeddedPostgres;

[SupportedOSPlatform("linux")]
[Collection(typeof(SerialTests))]
public sealed class EndpointTests
{
    [Fact]
    public async Task Listens_on_the_port_it_is_given()
    {
        using var folder = new TestDataDirectory();
        int port = FreePort();

        await using PostgresServer server = await StartAsync(folder, new EmbeddedPostgresOptions { Port = port });

        var connection = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        connection.Host.ShouldBe("127.0.0.1");
        connection.Port.ShouldBe(port);
        await AddRowAsync(server);
    }

    [Theory]
    [InlineData("with space")]
    [InlineData("it's a \"quoted\" $HOME `id` \\ path")]
    [InlineData("größe")]
    public async Task Works_in_a_folder_with_an_unusual_name(string name)
    {
        using var folder = new TestDataDirectory(name);

        await using PostgresServer server = await StartAsync(folder);

        new NpgsqlConnectionStringBuilder(server.ConnectionString).Host.ShouldBe(Path.Combine(folder.Path, "postgres"));
        await AddRowAsync(server);
    }

    [Theory]
    [InlineData("a,b")]
    [InlineData("a:1")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789")]
    public async Task Falls_back_to_TCP_where_the_path_cannot_name_a_socket(string name)
    {
        using var folder = new TestDataDirectory(name);

        await using PostgresServer server = await StartAsync(folder);

        new NpgsqlConnectionStringBuilder(server.ConnectionString).Host.ShouldBe("127.0.0.1");
        await AddRowAsync(server);
    }

    [Fact]
    public async Task Works_below_a_symbolic_link()
    {
        using var folder = new TestDataDirectory();
        using var links = new TestDataDirectory("link");
        Directory.CreateSymbolicLink(links.Path, Path.GetDirectoryName(folder.Path)!);
        DataDirectory linked = DataDirectory.Resolve(Path.Combine(links.Path, "data"), new EmbeddedPostgresOptions());

        await using PostgresServer server = await PostgresServer.StartAsync(
            linked,
            new EmbeddedPostgresOptions(),
            NullLogger.Instance,
            Token
        );

        linked.Path.ShouldBe(folder.Path);
        await AddRowAsync(server);
    }

    [Fact]
    public async Task Tells_psql_how_to_connect()
    {
        using var folder = new TestDataDirectory();
        await using PostgresServer server = await StartAsync(folder);

        PsqlConnection psql = PostgresServer.GetConnectionInfo(folder.Resolve(), new EmbeddedPostgresOptions());

        var start = new ProcessStartInfo(
            psql.Program!,
            ["-h", psql.Host, "-p", $"{psql.Port}", "-U", psql.User, "-d", psql.Database, "-Atc", "SELECT 42"]
        )
        {
            RedirectStandardOutput = true,
            Environment = { ["PGPASSWORD"] = psql.Password },
        };
        using Process process = Process.Start(start)!;
        (await process.StandardOutput.ReadToEndAsync(Token)).ShouldBe("42\n");
        psql.ToString().ShouldNotContain(psql.Password);
    }

    [Fact]
    public async Task Tells_psql_that_nothing_runs()
    {
        using var folder = new TestDataDirectory();
        await (await StartAsync(folder)).DisposeAsync();

        var exception = Should.Throw<EmbeddedPostgresException>(() =>
            PostgresServer.GetConnectionInfo(folder.Resolve(), new EmbeddedPostgresOptions())
        );

        exception.Message.ShouldContain(folder.Path);
    }
}
