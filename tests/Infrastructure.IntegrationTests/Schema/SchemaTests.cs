using IndustryData.Infrastructure;
using IndustryData.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace IndustryData.Infrastructure.IntegrationTests.Schema;

public sealed class SchemaTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_migrations_hold_every_change_of_the_model()
    {
        using var context = Context(database.ConnectionString);

        context
            .Database.HasPendingModelChanges()
            .ShouldBeFalse(
                "run: dotnet ef migrations add NAME --project src/Infrastructure --output-dir Persistence/Migrations"
            );
    }

    /// <summary>
    /// Compares the columns, collations, keys and indexes of a table with the model. The partitioned tables are created
    /// with handwritten SQL. Expression indexes are not compared, because EF Core does not support them.
    /// </summary>
    [Theory]
    [InlineData("runs")]
    [InlineData("run_activities")]
    [InlineData("run_starts")]
    [InlineData("idempotency_records")]
    [InlineData("run_counts")]
    [InlineData("run_tombstones")]
    [InlineData("run_hours")]
    [InlineData("run_hour_durations")]
    [InlineData("run_hour_failures")]
    [InlineData("outdated_run_hours")]
    [InlineData("run_hour_progress")]
    [InlineData("database_epochs")]
    [InlineData("page_token_signing_keys")]
    [InlineData("expired_partitions")]
    [InlineData("run_start_ranges")]
    [InlineData("run_start_versions")]
    [InlineData("token_revocations")]
    [InlineData("session_keys")]
    [InlineData("used_sign_in_codes")]
    [InlineData("imported_portions")]
    public async Task The_table_is_the_one_of_the_model(string table)
    {
        using var context = Context(database.ConnectionString);
        var model = context
            .GetService<IDesignTimeModel>()
            .Model.GetRelationalModel()
            .Tables.Single(t => t.Name == table);
        var expected = model
            .Columns.Select(c => $"{c.Name} {c.StoreType} {(c.IsNullable ? "NULL" : "NOT NULL")} {c.Collation}")
            .Concat(model.UniqueConstraints.Select(c => $"{c.Name} {string.Join(',', c.Columns.Select(k => k.Name))}"))
            .Concat(
                model.Indexes.Select(i =>
                {
                    var columns = i.Columns.Select((c, n) => i.IsDescending?[n] == true ? $"{c.Name} DESC" : c.Name);
                    return $"{i.Name} {string.Join(',', columns)}";
                })
            )
            .Order();

        var actual = await database.ReadAsync<string[]>(
            $"""
            SELECT array_agg(line) FROM (
                SELECT attname || ' ' || format_type(atttypid, atttypmod)
                    || CASE WHEN attnotnull THEN ' NOT NULL ' ELSE ' NULL ' END
                    || coalesce(
                        (SELECT collname FROM pg_collation WHERE oid = attcollation AND collname <> 'default'),
                        '') AS line
                FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped
                UNION ALL
                SELECT indexrelid::regclass || ' '
                    || regexp_replace(substring(pg_get_indexdef(indexrelid) FROM '\((.*)\)'), ', ', ',', 'g')
                FROM pg_index WHERE indrelid = '{table}'::regclass AND indexprs IS NULL) AS lines
            """
        );

        actual.Order().ShouldBe(expected);
    }

    [Fact]
    public async Task A_new_run_goes_to_the_partition_of_its_quarter()
    {
        var now = DateTimeOffset.UtcNow;
        var id = Guid.CreateVersion7(now);
        await database.EmptyAsync();
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var insert = new NpgsqlCommand(
            """
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                last_modified_date_time, version, statistics)
            VALUES ($1, $1, 'x', now(), 0, now(), now(), 1, '{}') RETURNING tableoid::regclass::text
            """,
            connection
        );
        insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });

        (await insert.ExecuteScalarAsync(Cancellation)).ShouldBe($"runs_{now.Year}q{((now.Month - 1) / 3) + 1}");
    }

    [Fact]
    public async Task Migrating_at_once_from_several_places_applies_everything_once()
    {
        var own = await database.CreateDatabaseAsync();

        await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => DatabaseSchema.MigrateAsync(own, TimeSpan.FromSeconds(10), Cancellation))
        );

        (await DatabaseSchema.MigrateAsync(own, TimeSpan.FromSeconds(10), Cancellation)).ShouldBeEmpty();
    }

    /// <summary>
    /// Two processes migrate the same database. A command of the first one and the wait of the second one for the
    /// migration lock both take longer than the command timeout of the connection string.
    /// </summary>
    [Fact]
    public async Task Migration_that_takes_longer_than_the_command_timeout_is_applied_once()
    {
        var own = await database.CreateDatabaseAsync();
        await TestDatabase.ExecuteAsync(
            database.AsSuperuser(own),
            """
            CREATE FUNCTION hold() RETURNS event_trigger LANGUAGE plpgsql
                AS $$ BEGIN PERFORM pg_advisory_xact_lock(42); END $$;
            CREATE EVENT TRIGGER hold ON ddl_command_start WHEN TAG IN ('CREATE FUNCTION') EXECUTE FUNCTION hold();
            """
        );
        await using var holder = await OpenAsync(own);
        await ReadAsync(holder, "SELECT pg_advisory_lock(42)");
        var log = new LogLines<DatabaseMaintenanceService>();

        var first = DatabaseSchema.MigrateAsync(
            $"{own};Command Timeout=1",
            TimeSpan.FromSeconds(10),
            Cancellation,
            log
        );
        await using var observer = await OpenAsync(own);
        await UntilAsync(async () => await SchemaMigrator.IsMigratingAsync(observer, Cancellation));
        var second = DatabaseSchema.MigrateAsync($"{own};Command Timeout=1", TimeSpan.FromSeconds(10), Cancellation);
        await UntilAsync(async () =>
            await ReadAsync(
                observer,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    + "AND wait_event = 'advisory' AND clock_timestamp() - query_start > interval '2 s'"
            )
                is 2L
        );
        first.IsCompleted.ShouldBeFalse();
        second.IsCompleted.ShouldBeFalse();
        await ReadAsync(holder, "SELECT pg_advisory_unlock(42)");

        var applied = await first;
        applied.ShouldNotBeEmpty();
        (await second).ShouldBeEmpty();
        (await SchemaMigrator.IsMigratingAsync(observer, Cancellation)).ShouldBeFalse();
        log.Count(message => message.StartsWith("Applying migration ", StringComparison.Ordinal))
            .ShouldBe(applied.Count);
        log[0].ShouldStartWith($"Applying migration 1 of {applied.Count}: ");
    }

    [Theory]
    [InlineData("MigrationId", "ProductVersion")]
    [InlineData("migration_id", "product_version")]
    public async Task Migration_of_a_schema_from_before_the_first_version_is_refused(string id, string version)
    {
        var own = await database.CreateDatabaseAsync();
        await TestDatabase.ExecuteAsync(
            own,
            $"""
            CREATE TABLE "__EFMigrationsHistory" ("{id}" varchar(150) PRIMARY KEY, "{version}" varchar(32) NOT NULL);
            INSERT INTO "__EFMigrationsHistory" VALUES ('20261123172321_Initial', '10.0.15');
            CREATE TABLE runs (id int);
            """
        );

        var error = await Should.ThrowAsync<UnsupportedSchemaException>(() =>
            DatabaseSchema.MigrateAsync(own, TimeSpan.FromSeconds(10), Cancellation)
        );

        error.Message.ShouldContain("start with a new, empty database");
        await using var observer = await OpenAsync(own);
        (
            await ReadAsync(observer, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        ).ShouldBe(3L);
        (await Infrastructure.Persistence.SchemaMigrator.IsMigratingAsync(observer, Cancellation)).ShouldBeFalse();
    }

    [Fact]
    public async Task Later_migration_that_this_version_does_not_know_is_ignored()
    {
        var own = await database.CreateDatabaseAsync();
        await DatabaseSchema.MigrateAsync(own, TimeSpan.FromSeconds(10), Cancellation);
        await TestDatabase.ExecuteAsync(
            own,
            """INSERT INTO "__EFMigrationsHistory" VALUES ('99991231235959_Later', '10.0.15')"""
        );

        (await DatabaseSchema.MigrateAsync(own, TimeSpan.FromSeconds(10), Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Look_after_a_restore_that_takes_longer_than_the_command_timeout_ends()
    {
        var own = await database.CreateMigratedDatabaseAsync();
        await using var connection = await OpenAsync(own);
        await DatabaseEpochs.EnsureCurrentAsync(connection, Cancellation);
        (await DatabaseEpochs.NeedsRestoreAsync(connection, Cancellation)).ShouldBeFalse();
        await TestDatabase.ExecuteAsync(
            own,
            """
            UPDATE database_epochs SET cluster = 'the one that was dumped';
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                last_modified_date_time, version, statistics, change_number)
            SELECT gen_random_uuid(), gen_random_uuid(), 'x', now(), 0, now(), now(), 1, '{}', 1000000000 - n
            FROM generate_series(1, 9) AS n;
            """
        );
        (await DatabaseEpochs.NeedsRestoreAsync(connection, Cancellation)).ShouldBeTrue();
        await using var holder = await OpenAsync(own);
        await using var transaction = await holder.BeginTransactionAsync(Cancellation);
        await ReadAsync(holder, "LOCK TABLE runs IN ACCESS EXCLUSIVE MODE");

        await using var hasty = await OpenAsync($"{own};Command Timeout=1");
        var note = DatabaseEpochs.EnsureCurrentAsync(hasty, Cancellation);
        await using var observer = await OpenAsync(own);
        await UntilAsync(async () =>
            await ReadAsync(
                observer,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    + "AND wait_event = 'relation' AND clock_timestamp() - query_start > interval '2 s'"
            )
                is 1L
        );
        note.IsCompleted.ShouldBeFalse();
        await transaction.CommitAsync(Cancellation);
        await note;

        (await DatabaseEpochs.NeedsRestoreAsync(connection, Cancellation)).ShouldBeFalse();
        (await ReadAsync(observer, "SELECT change_number(pg_current_xact_id())"))
            .ShouldBeOfType<long>()
            .ShouldBeGreaterThan(999_999_999);
    }

    private static async Task<NpgsqlConnection> OpenAsync(string connectionString)
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Cancellation);
        return connection;
    }

    private static async Task<object?> ReadAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Cancellation);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(50, timeout.Token);
        }
    }

    private static IndustryDataContext Context(string connectionString)
    {
        var options = new DbContextOptionsBuilder<IndustryDataContext>().UseNpgsql(connectionString);
        IndustryDataContext.Configure(options);
        return new IndustryDataContext(options.Options);
    }
}
