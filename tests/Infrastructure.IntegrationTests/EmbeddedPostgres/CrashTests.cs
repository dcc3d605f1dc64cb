using System.Diagnostics;
using System.Runtime.Versioning;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Npgsql;
using static IndustryData.Testing.EmbeddedServer;

namespace IndustryData.Infrastructure.IntegrationTests.EmbeddedPostgres;

[SupportedOSPlatform("linux")]
[Collection(typeof(SerialTests))]
public sealed class CrashTests
{
    private static readonly TimeSpan _hangLimit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Adopts_the_server_that_a_killed_service_has_left()
    {
        using var folder = new TestDataDirectory();
        await using (ServiceProcess service = await ServiceProcess.StartAsync(("DataDirectory", folder.Path)))
        {
            await service.KillAsync();
        }

        int pid = folder.ReadPid();
        await using PostgresServer server = await StartAsync(folder);

        folder.ReadPid().ShouldBe(pid);
        await AddRowAsync(server);
    }

    [Fact]
    public async Task Keeps_the_port_of_an_adopted_server_even_when_it_must_be_started_again()
    {
        using var folder = new TestDataDirectory();
        await using (ServiceProcess service = await ServiceProcess.StartAsync(("DataDirectory", folder.Path)))
        {
            await service.KillAsync();
        }

        await using PostgresServer server = await StartAsync(folder, new EmbeddedPostgresOptions { Port = FreePort() });
        await AddRowAsync(server);

        (await SurviveAsync(server, folder)).ShouldBe(1);
    }

    [Fact]
    public async Task Starts_after_service_and_server_were_killed_together()
    {
        using var folder = new TestDataDirectory();
        await using (ServiceProcess service = await ServiceProcess.StartAsync(("DataDirectory", folder.Path)))
        {
            await service.KillAsync();
            folder.KillAll();
        }

        await using PostgresServer server = await StartAsync(folder);

        await AddRowAsync(server);
    }

    [Fact]
    public async Task Starts_a_killed_server_again_on_the_same_address()
    {
        using var folder = new TestDataDirectory();
        await using PostgresServer server = await StartAsync(folder);
        await AddRowAsync(server);

        (await SurviveAsync(server, folder)).ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Starts_on_what_a_killed_server_has_left(bool withItsChildren)
    {
        using var folder = new TestDataDirectory();
        await using PostgresServer server = await StartAsync(folder);
        await AddRowAsync(server);
        if (withItsChildren)
        {
            folder.KillAll();
        }
        else
        {
            folder.KillPostmaster();
        }

        await server.DisposeAsync();
        await using PostgresServer again = await StartAsync(folder);

        (await CountRowsAsync(again)).ShouldBe(1);
    }

    [Fact]
    public async Task Waits_for_the_sessions_of_a_killed_server()
    {
        using var folder = new TestDataDirectory();
        await using PostgresServer server = await StartAsync(folder);
        await AddRowAsync(server);

        // A session that computes does not notice that its server has ended.
        Task busy = ReadAsync(server, "SELECT count(*) FROM generate_series(1, 20000000)");
        while (
            await ReadAsync(
                server,
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series(1, 2%' "
                    + "AND pid <> pg_backend_pid()"
            )
                is 0L
        ) { }

        folder.KillPostmaster();
        await server.DisposeAsync();
        await using PostgresServer again = await StartAsync(folder);

        (await CountRowsAsync(again)).ShouldBe(1);
        await Record.ExceptionAsync(() => busy);
    }

    [Fact]
    public async Task Neither_adopts_nor_harms_a_process_that_got_the_number_of_a_dead_server()
    {
        using var folder = new TestDataDirectory();
        await using PostgresServer server = await StartAsync(folder);
        await AddRowAsync(server);
        folder.KillAll();
        await server.DisposeAsync();

        // The server's account owns the process. PostgreSQL itself recognizes a process of another account as foreign.
        var start = new ProcessStartInfo("sleep", ["1000"]) { WorkingDirectory = "/" };
        if (Environment.IsPrivilegedProcess)
        {
            start.UserName = "postgres";
        }

        using Process stranger = Process.Start(start)!;
        try
        {
            folder.WritePid(stranger.Id);
            await using (PostgresServer again = await StartAsync(folder))
            {
                (await CountRowsAsync(again)).ShouldBe(1);
                folder.ReadPid().ShouldNotBe(stranger.Id);
            }

            stranger.HasExited.ShouldBeFalse();
        }
        finally
        {
            stranger.Kill();
        }
    }

    [Fact]
    public async Task Does_not_take_the_server_of_a_copied_folder_for_its_own()
    {
        using var original = new TestDataDirectory();
        using var copy = new TestDataDirectory();
        await (await StartAsync(original)).DisposeAsync();
        await CopyAsync(original.Path, copy.Path);
        await using PostgresServer server = await StartAsync(original);

        // The lock files are copied last, because the files of a running cluster change during a copy.
        await CopyAsync(Path.Combine(original.Cluster, "postmaster.pid"), copy.Cluster);
        await CopyAsync(
            Path.Combine(original.Path, "postgres", ".s.PGSQL.5432.lock"),
            Path.Combine(copy.Path, "postgres")
        );
        copy.ReadPid().ShouldBe(original.ReadPid());
        await using PostgresServer other = await StartAsync(copy);

        copy.ReadPid().ShouldNotBe(original.ReadPid());
        (await SettingAsync(other, "data_directory")).ShouldBe(copy.Cluster);
    }

    [Fact]
    public async Task Removes_what_an_interrupted_first_start_has_left()
    {
        using var folder = new TestDataDirectory();
        string unfinished = Path.Combine(folder.Path, "postgres", "cluster.new-0123abcd");
        Directory.CreateDirectory(unfinished);
        await File.WriteAllTextAsync(Path.Combine(unfinished, "PG_VERSION"), "15", Token);

        await using PostgresServer server = await StartAsync(folder);

        Directory.Exists(unfinished).ShouldBeFalse();
        await AddRowAsync(server);
    }

    private static async Task CopyAsync(string from, string to)
    {
        using Process copying = Process.Start("cp", ["-a", from, to]);
        await copying.WaitForExitAsync(Token);
        copying.ExitCode.ShouldBe(0);
    }

    /// <summary>Kills the server of a supervised service and returns the number of rows after its restart.</summary>
    private static async Task<long> SurviveAsync(PostgresServer server, TestDataDirectory folder)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        source.CancelAfter(_hangLimit);
        Task supervision = server.SuperviseAsync(source.Token);
        folder.KillPostmaster();
        while (true)
        {
            try
            {
                long rows = await CountRowsAsync(server);
                await source.CancelAsync();
                await supervision;
                return rows;
            }
            catch (NpgsqlException)
            {
                await Task.Delay(20, source.Token);
            }
        }
    }
}
