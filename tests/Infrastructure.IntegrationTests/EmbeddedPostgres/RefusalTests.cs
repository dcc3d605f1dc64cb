using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using IndustryData.Infrastructure.EmbeddedPostgres;
using static IndustryData.Testing.EmbeddedServer;

namespace IndustryData.Infrastructure.IntegrationTests.EmbeddedPostgres;

[SupportedOSPlatform("linux")]
[Collection(typeof(SerialTests))]
public sealed class RefusalTests
{
    [Fact]
    public async Task Refuses_a_second_service_on_the_same_folder()
    {
        using var folder = new TestDataDirectory();
        await using PostgresServer server = await StartAsync(folder);

        (await RefusalAsync(folder)).ShouldContain(folder.Path);

        await AddRowAsync(server);
    }

    [Fact]
    public async Task Refuses_data_of_another_version_and_leaves_them_alone()
    {
        using var folder = new TestDataDirectory();
        await (await StartAsync(folder)).DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(folder.Cluster, "PG_VERSION"), "14\n", Token);
        IReadOnlyList<string> before = folder.Snapshot();

        string refusal = await RefusalAsync(folder);

        refusal.ShouldContain("PostgreSQL 14");
        folder.Snapshot().ShouldBe(before);
    }

    [Fact]
    public async Task Refuses_to_go_on_without_the_password_and_leaves_the_data_alone()
    {
        using var folder = new TestDataDirectory();
        await (await StartAsync(folder)).DisposeAsync();
        File.Delete(Path.Combine(folder.Cluster, "industrydata.password"));
        IReadOnlyList<string> before = folder.Snapshot();

        string refusal = await RefusalAsync(folder);

        refusal.ShouldContain("industrydata.password");
        folder.Snapshot().ShouldBe(before);
    }

    [Fact]
    public async Task Says_so_and_stops_when_the_password_is_not_the_one_of_the_data()
    {
        using var folder = new TestDataDirectory();
        await (await StartAsync(folder)).DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(folder.Cluster, "industrydata.password"), "another", Token);

        (await RefusalAsync(folder)).ShouldContain("password");

        File.Exists(Path.Combine(folder.Cluster, "postmaster.pid")).ShouldBeFalse();
    }

    [Fact]
    public async Task Quotes_the_server_when_it_does_not_start()
    {
        using var folder = new TestDataDirectory();
        await (await StartAsync(folder)).DisposeAsync();
        await File.AppendAllTextAsync(Path.Combine(folder.Cluster, "postgresql.conf"), "work_mem = nonsense\n", Token);

        (await RefusalAsync(folder)).ShouldContain("postgresql.conf");
    }

    [Fact]
    public async Task Refuses_a_folder_without_programs()
    {
        using var folder = new TestDataDirectory();

        (await RefusalAsync(folder, new EmbeddedPostgresOptions { BinDirectory = Path.GetTempPath() })).ShouldContain(
            "EmbeddedPostgres:BinDirectory"
        );

        Directory.Exists(folder.Cluster).ShouldBeFalse();
    }

    [Fact]
    public async Task Refuses_a_port_that_is_taken()
    {
        using var folder = new TestDataDirectory();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        string refusal = await RefusalAsync(
            folder,
            new EmbeddedPostgresOptions { Port = ((IPEndPoint)taken.LocalEndpoint).Port }
        );

        refusal.ShouldContain("EmbeddedPostgres:Port");
    }

    [Fact]
    public async Task Refuses_an_account_that_does_not_exist()
    {
        using var folder = new TestDataDirectory();

        (await RefusalAsync(folder, new EmbeddedPostgresOptions { OsUser = "nobody-of-that-name" })).ShouldContain(
            "EmbeddedPostgres:OsUser"
        );
    }

    [Fact]
    public async Task Refuses_a_folder_that_it_cannot_make()
    {
        using var folder = new TestDataDirectory();
        await File.WriteAllTextAsync(folder.Path, "", Token);

        (await RefusalAsync(folder)).ShouldContain(folder.Path);
    }

    private static async Task<string> RefusalAsync(TestDataDirectory folder, EmbeddedPostgresOptions? options = null)
    {
        var exception = await Should.ThrowAsync<EmbeddedPostgresException>(() => StartAsync(folder, options));
        exception.Message.ShouldNotContain('\n');
        TestContext.Current.TestOutputHelper?.WriteLine(exception.Message);
        return exception.Message;
    }
}
