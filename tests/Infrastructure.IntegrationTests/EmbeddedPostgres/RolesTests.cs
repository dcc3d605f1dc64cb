using System.Runtime.Versioning;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using static IndustryData.Testing.EmbeddedServer;

namespace IndustryData.Infrastructure.IntegrationTests.EmbeddedPostgres;

/// <summary>Tests how a server gets the roles of the service. Each test has a server of its own.</summary>
[SupportedOSPlatform("linux")]
[Collection(typeof(SerialTests))]
public sealed class RolesTests
{
    private const string LastMigrationBefore = "20261129033245_TokenRevocations";

    private static readonly TimeSpan _wait = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Account_of_the_service_is_no_superuser_and_owns_the_database()
    {
        using var folder = new TestDataDirectory();
        await using PostgresServer server = await StartAsync(folder);
        await DatabaseSchema.MigrateAsync(server.ConnectionString, _wait, Token);

        (await ReadAsync(server, $"SELECT {Rights} FROM pg_roles WHERE rolname = '{AccountOf(server)}'")).ShouldBe(
            "login"
        );
        (await ReadAsync(server, OtherOwnersSql)).ShouldBe(0L);
        File.GetUnixFileMode(Path.Combine(folder.Cluster, "industrydata_owner.password"))
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task Database_of_a_version_that_connected_as_the_superuser_is_given_to_the_owner()
    {
        using var folder = new TestDataDirectory();
        await using (PostgresServer before = await StartAsync(folder))
        {
            await ExecuteAsync(before, "ALTER DATABASE industrydata OWNER TO industrydata", DropRoles);
            var options = new DbContextOptionsBuilder<IndustryDataContext>().UseNpgsql(
                $"{before.Superuser.ConnectionString};Pooling=false"
            );
            IndustryDataContext.Configure(options);
            await using var context = new IndustryDataContext(options.Options);
            await context.Database.MigrateAsync(LastMigrationBefore, Token);
            await ExecuteAsync(
                before,
                """
                INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                    last_modified_date_time, version, statistics)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'kept', now(), 0, now(), now(), 1, '{}')
                """
            );
        }

        File.Delete(Path.Combine(folder.Cluster, "industrydata_owner.password"));

        await using PostgresServer server = await StartAsync(folder);

        (await ReadAsync(server, OtherOwnersSql)).ShouldBe(0L);
        (await DatabaseSchema.MigrateAsync(server.ConnectionString, _wait, Token)).ShouldNotBeEmpty();
        await ReadAsOwnerAsync(server, "SELECT create_runs_partition(now() + interval '2 years')");
        (await ReadAsOwnerAsync(server, "SELECT display_name FROM runs")).ShouldBe("kept");
    }

    [Fact]
    public async Task Starts_on_a_database_that_is_set_to_read_only()
    {
        using var folder = new TestDataDirectory();
        await using (PostgresServer before = await StartAsync(folder))
        {
            await ExecuteAsync(before, "ALTER DATABASE industrydata SET default_transaction_read_only = on");
        }

        await using PostgresServer server = await StartAsync(folder);

        (await ReadAsOwnerAsync(server, "SHOW default_transaction_read_only")).ShouldBe("on");
    }

    [Fact]
    public async Task Migrations_of_several_databases_create_the_roles_together()
    {
        using var folder = new TestDataDirectory();
        await using PostgresServer server = await StartAsync(folder);
        await ReplaceRolesAsync(server, "CREATE ROLE account LOGIN CREATEROLE PASSWORD 'x'");
        string[] databases = ["one", "two", "three", "four"];
        foreach (var name in databases)
        {
            await ExecuteAsync(server, $"CREATE DATABASE {name} OWNER account");
        }

        await Task.WhenAll(
            databases.Select(name => DatabaseSchema.MigrateAsync(As(server, "account", name), _wait, Token))
        );

        foreach (var name in databases)
        {
            await using var reads = DataSources.Reads(As(server, "account", name), _wait);
            await using var command = reads.CreateCommand("SELECT count(*) FROM runs");
            (await command.ExecuteScalarAsync(Token)).ShouldBe(0L);
        }
    }

    [Fact]
    public async Task Account_that_may_not_create_the_roles_is_given_the_sql_for_a_superuser()
    {
        using var folder = new TestDataDirectory();
        await using PostgresServer server = await StartAsync(folder);
        await ReplaceRolesAsync(server, "CREATE ROLE account LOGIN PASSWORD 'x'");
        await ExecuteAsync(server, "CREATE DATABASE one OWNER account");
        Task MigrateAsync() => DatabaseSchema.MigrateAsync(As(server, "account", "one"), _wait, Token);

        var statements = (await Should.ThrowAsync<MissingRolesException>(MigrateAsync)).Message.Split("to run: ")[1];
        statements.ShouldBe(
            "CREATE ROLE industrydata_reader; CREATE ROLE industrydata_writer; "
                + "GRANT industrydata_reader, industrydata_writer TO account;"
        );
        await ExecuteAsync(server, "CREATE ROLE industrydata_reader");
        (await Should.ThrowAsync<MissingRolesException>(MigrateAsync)).Message.ShouldEndWith(
            "to run: CREATE ROLE industrydata_writer; GRANT industrydata_reader, industrydata_writer TO account;"
        );
        await ExecuteAsync(server, "DROP ROLE industrydata_reader", statements);

        await MigrateAsync();
    }

    private const string Rights = """
        concat_ws(' ', CASE WHEN rolcanlogin THEN 'login' END, CASE WHEN rolsuper THEN 'superuser' END,
            CASE WHEN rolcreaterole THEN 'createrole' END, CASE WHEN rolcreatedb THEN 'createdb' END,
            CASE WHEN rolreplication THEN 'replication' END, CASE WHEN rolbypassrls THEN 'bypassrls' END)
        """;

    private const string DropRoles = "DROP ROLE industrydata_owner, industrydata_reader, industrydata_writer";

    // The tables, functions and databases of the service that another role owns.
    private const string OtherOwnersSql = """
        SELECT count(*) FROM (
            SELECT relowner FROM pg_class WHERE relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION ALL
            SELECT datdba FROM pg_database WHERE datname = current_database()) AS owned (by)
        WHERE by <> 'industrydata_owner'::regrole
        """;

    /// <summary>Removes the roles of the service, as if the server never had them, and creates another one.</summary>
    private static Task ReplaceRolesAsync(PostgresServer server, string create) =>
        ExecuteAsync(server, "ALTER DATABASE industrydata OWNER TO industrydata", DropRoles, create);

    private static string? AccountOf(PostgresServer server) =>
        new NpgsqlConnectionStringBuilder(server.ConnectionString).Username;

    private static string As(PostgresServer server, string account, string database) =>
        new NpgsqlConnectionStringBuilder(server.ConnectionString)
        {
            Username = account,
            Password = "x",
            Database = database,
            Pooling = false,
        }.ConnectionString;

    private static async Task ExecuteAsync(PostgresServer server, params string[] statements)
    {
        foreach (var statement in statements)
        {
            await TestDatabase.ExecuteAsync($"{server.Superuser.ConnectionString};Pooling=false", statement);
        }
    }

    private static async Task<object?> ReadAsOwnerAsync(PostgresServer server, string sql)
    {
        await using var source = DataSources.MaintenanceConnections($"{server.ConnectionString};Pooling=false");
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Token);
    }
}
