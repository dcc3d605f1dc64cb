using System.Globalization;
using System.Net;
using System.Net.Sockets;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Npgsql;

namespace IndustryData.Infrastructure.FaultTests.Postgres;

/// <summary>
/// The tests' own PostgreSQL on 127.0.0.1 in a temporary directory. The account of the service's embedded PostgreSQL
/// runs it. It flushes commits to disk. Disposal kills it and deletes the directory.
/// </summary>
internal sealed class Cluster : IAsyncDisposable
{
    private const string User = "postgres";
    private const string Database = "industrydata";

    private readonly PostgresOsAccount _account;
    private readonly PostgresInstallation _programs;
    private readonly TemporaryDirectory _parent = new();

    private Cluster(PostgresOsAccount account, PostgresInstallation programs)
    {
        _account = account;
        _programs = programs;
        Folder = Path.Combine(_parent.Path, "data");
        Port = FindFreePort();
    }

    /// <summary>The data directory of PostgreSQL.</summary>
    public string Folder { get; }

    /// <summary>The TCP port.</summary>
    public int Port { get; }

    /// <summary>The connection string for the service and the tests.</summary>
    public string ConnectionString => ConnectionStringTo($"127.0.0.1:{Port}");

    /// <summary>Returns the connection string for other addresses of this database: proxies or several hosts.</summary>
    /// <param name="hosts">Each host with its port, separated by commas.</param>
    public static string ConnectionStringTo(string hosts) =>
        $"Host={hosts};Username={User};Database={Database};SSL Mode=Disable;GSS Encryption Mode=Disable";

    /// <summary>Creates an empty cluster with <c>initdb</c>.</summary>
    public static async Task<Cluster> InitializeAsync()
    {
        var cluster = await PrepareAsync();
        await cluster.RunAsync(
            cluster._programs.Initdb,
            "-D",
            cluster.Folder,
            "-U",
            User,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "-N"
        );
        return cluster;
    }

    /// <summary>Starts a cluster that has the schema of the service and no runs.</summary>
    /// <param name="settings">Further lines of <c>postgresql.conf</c>.</param>
    public static async Task<Cluster> StartNewAsync(string settings = "")
    {
        var cluster = await PrepareAsync();
        await cluster.RunAsync("cp", "-a", ClusterTemplate.Current!.Folder + "/.", cluster.Folder);
        await cluster.StartAsync(settings);
        return cluster;
    }

    /// <summary>Creates a physical copy of this running cluster, which follows the cluster after its start.</summary>
    /// <param name="name">The name of the standby in <c>synchronous_standby_names</c>.</param>
    public async Task<Cluster> CreateStandbyAsync(string name)
    {
        var standby = await PrepareAsync();
        var source = $"host=127.0.0.1 port={Port} user={User} application_name={name}";
        await standby.RunAsync(
            Path.Combine(_programs.BinDirectory, "pg_basebackup"),
            "-D",
            standby.Folder,
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
            "-N",
            "-d",
            source
        );
        return standby;
    }

    /// <summary>Starts the server and waits until it accepts connections.</summary>
    /// <param name="settings">Further lines of <c>postgresql.conf</c>.</param>
    public async Task StartAsync(string settings = "")
    {
        var path = Path.Combine(Folder, "postgresql.conf");
        var text = $"""
            {await File.ReadAllTextAsync(path)}
            listen_addresses = '127.0.0.1'
            port = {Port}
            unix_socket_directories = ''
            fsync = on
            wal_compression = on
            max_wal_size = '2GB'
            timezone = 'UTC'
            {settings}

            """;
        await _account.WriteFileAsync(path, text, CancellationToken.None);

        // The processes of a killed server need a moment to release its shared memory.
        await Poll.UntilAsync(
            async () => (await StartServerAsync()).Succeeded,
            TimeSpan.FromSeconds(30),
            "PostgreSQL did not start"
        );
    }

    /// <summary>Stops the server with <c>pg_ctl stop</c>.</summary>
    /// <param name="mode"><c>fast</c> or <c>immediate</c>.</param>
    public Task StopAsync(string mode) =>
        RunAsync(_programs.PgCtl, "stop", "-D", Folder, "-m", mode, "-s", "-w", "-t", "60");

    /// <summary>Promotes a standby to the primary and waits until it accepts writes.</summary>
    public Task PromoteAsync() => RunAsync(_programs.PgCtl, "promote", "-D", Folder, "-s", "-w", "-t", "60");

    /// <summary>Creates the database of the service.</summary>
    public Task CreateDatabaseAsync() => ExecuteAsync($"CREATE DATABASE {Database}", "postgres");

    /// <summary>Opens a session outside of any pool. It can write even if the server's default is read-only.</summary>
    public async Task<NpgsqlConnection> OpenAsync(string database = Database)
    {
        var text = $"{ConnectionString};Pooling=false;Database={database};Options=-c default_transaction_read_only=off";
        var connection = new NpgsqlConnection(text);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    /// <summary>Runs statements in a new session.</summary>
    public async Task ExecuteAsync(string sql, string database = Database)
    {
        await using var connection = await OpenAsync(database);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Reads one value in a new session.</summary>
    public async Task<T> ReadAsync<T>(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>Changes a setting of the running server.</summary>
    public async Task SetAsync(string name, string value)
    {
        await ExecuteAsync($"ALTER SYSTEM SET {name} = '{value}'");
        await ExecuteAsync("SELECT pg_reload_conf()");
    }

    /// <summary>Waits until the standby of this name confirms each commit.</summary>
    public Task WaitForSynchronousStandbyAsync(string name) =>
        Poll.UntilAsync(
            async () =>
                await ReadAsync<long>(
                    $"SELECT count(*) FROM pg_stat_replication WHERE application_name = '{name}' "
                        + "AND sync_state = 'sync'"
                ) > 0,
            TimeSpan.FromSeconds(30),
            "the standby did not become synchronous"
        );

    public async ValueTask DisposeAsync()
    {
        await PostgresProcesses.KillAsync(Folder);
        _parent.Dispose();
    }

    private static async Task<Cluster> PrepareAsync()
    {
        var options = new EmbeddedPostgresOptions();
        var account = PostgresOsAccount.Resolve(options);
        var cluster = new Cluster(
            account,
            await PostgresInstallation.FindAsync(options, account, null, CancellationToken.None)
        );
        await account.CreateOwnedDirectoryAsync(cluster.Folder, CancellationToken.None);
        return cluster;
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Task<ProgramResult> StartServerAsync() =>
        _account.RunAsync(
            _programs.PgCtl,
            ["start", "-D", Folder, "-l", Path.Combine(Folder, "server.log"), "-s", "-w", "-t", "60"],
            "/",
            CancellationToken.None
        );

    private async Task RunAsync(string program, params string[] arguments)
    {
        var result = await _account.RunAsync(program, arguments, "/", CancellationToken.None);
        result.Succeeded.ShouldBeTrue(string.Create(CultureInfo.InvariantCulture, $"{program}: {result.Output}"));
    }
}
