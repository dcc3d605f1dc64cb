using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;
using Npgsql;

namespace IndustryData.Infrastructure.IntegrationTests.Persistence;

/// <summary>Tests what the sessions of the pools may do.</summary>
public sealed class ServiceRolesTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string Tenant = "00000000-0000-4000-8000-00000000000a";
    private const string OtherTenant = "00000000-0000-4000-8000-00000000000b";

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(20);

    private readonly NpgsqlDataSource _reads = DataSources.Reads(database.ConnectionString, _timeout);
    private readonly NpgsqlDataSource _indexed = DataSources.IndexedReads(database.ConnectionString, _timeout);
    private readonly NpgsqlDataSource _lookups = DataSources.LookupConnections(database.ConnectionString, _timeout);
    private readonly NpgsqlDataSource _commits = DataSources.CommitConnections(database.ConnectionString, _timeout);
    private readonly NpgsqlDataSource _maintenance = DataSources.MaintenanceConnections(database.ConnectionString);
    private readonly NpgsqlDataSource _health = DataSources.HealthConnections(database.ConnectionString);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await database.EmptyAsync();

        // One row of each tenant in every table that has a tenant.
        await TestDatabase.ExecuteAsync(
            database.ConnectionString,
            $$"""
            CREATE TEMPORARY VIEW t AS SELECT unnest(ARRAY['{{Tenant}}', '{{OtherTenant}}']::uuid[]) AS id;
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                last_modified_date_time, version, statistics)
            SELECT id, id, 'x', now(), 0, now(), now(), 1, '{}' FROM t;
            INSERT INTO run_activities SELECT id, id, id, 0, 'x', 0 FROM t;
            INSERT INTO run_counts SELECT id, now(), 0, 0, 1 FROM t;
            INSERT INTO run_starts SELECT id, now(), id FROM t;
            INSERT INTO run_tombstones (tenant_id, run_id, change_number, deleted_date_time)
            SELECT id, id, 1, now() FROM t;
            INSERT INTO idempotency_records (tenant_id, key_hash, request_fingerprint, resource_id,
                return_representation, created_date_time)
            SELECT id, id, '', id, true, now() FROM t;
            INSERT INTO run_hours
            SELECT id, now(), 0, true, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM t;
            INSERT INTO run_hour_durations SELECT id, now(), '{}', '{}' FROM t;
            INSERT INTO run_hour_failures SELECT id, now(), 1, 'x', 1, now() FROM t;
            INSERT INTO outdated_run_hours SELECT id, now(), 1, now() FROM t;
            INSERT INTO run_hour_progress SELECT id, 1, now() FROM t;
            INSERT INTO token_revocations SELECT id, now() FROM t;
            INSERT INTO imported_portions SELECT id, id, 1, 0, now() FROM t;
            DROP VIEW t;
            """
        );
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pool in (NpgsqlDataSource[])[_reads, _indexed, _lookups, _commits, _maintenance, _health])
        {
            await pool.DisposeAsync();
        }
    }

    [Fact]
    public async Task Session_of_each_pool_has_its_role_and_none_is_a_superuser()
    {
        var owner = new NpgsqlConnectionStringBuilder(database.ConnectionString).Username;
        const string sql = """
            SELECT current_user::text FROM pg_roles WHERE rolname = session_user
                AND NOT rolsuper AND NOT rolbypassrls AND NOT rolcreaterole AND NOT rolcreatedb
            """;

        (await ReadAsync(_reads, sql)).ShouldBe(ServiceRoles.Reader);
        (await ReadAsync(_indexed, sql)).ShouldBe(ServiceRoles.Reader);
        (await ReadAsync(_lookups, sql)).ShouldBe(ServiceRoles.Writer);
        (await ReadAsync(_commits, sql)).ShouldBe(ServiceRoles.Writer);
        (await ReadAsync(_maintenance, sql)).ShouldBe(owner);
        (await ReadAsync(_health, sql)).ShouldBe(owner);
    }

    [Fact]
    public async Task Session_of_a_lookup_changes_nothing()
    {
        var delete = await Should.ThrowAsync<PostgresException>(async () =>
        {
            await using var command = _lookups.CreateCommand("DELETE FROM runs");
            await command.ExecuteNonQueryAsync(Cancellation);
        });

        delete.SqlState.ShouldBe(PostgresErrorCodes.ReadOnlySqlTransaction);
    }

    [Fact]
    public async Task Reader_sees_the_rows_of_the_tenant_that_it_names_and_no_others()
    {
        var tables = await database.ReadAsync<string[]>(
            """
            SELECT array_agg(table_name::text) FROM information_schema.columns
                JOIN information_schema.tables USING (table_schema, table_name)
            WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_type = 'BASE TABLE'
            """
        );
        var seen = new List<string>();
        foreach (var table in tables)
        {
            var isPartition = await database.ReadAsync<bool>(
                $"SELECT relispartition FROM pg_class WHERE oid = '{table}'::regclass"
            );
            if (!isPartition)
            {
                (await database.ReadAsync<long>($"SELECT count(*) FROM {table}")).ShouldBe(2, $"add rows to {table}");
            }

            await using var connection = await _reads.OpenConnectionAsync(Cancellation);
            try
            {
                (await CountAsync(connection, tenant: null, table)).ShouldBe(0, table);
                (await CountAsync(connection, Tenant, table)).ShouldBe(1, table);
                (await CountAsync(connection, tenant: null, table)).ShouldBe(0, $"{table}: the tenant is still set");
                seen.Add(table);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                // The reader has no access at all.
            }
        }

        seen.ShouldBe(
            [
                "runs",
                "run_activities",
                "run_counts",
                "run_tombstones",
                "run_hours",
                "run_hour_durations",
                "run_hour_failures",
                "outdated_run_hours",
                "run_hour_progress",
            ],
            ignoreOrder: true
        );
        tables.Length.ShouldBeGreaterThan(seen.Count);
    }

    [Theory]
    [InlineData("INSERT INTO run_tombstones VALUES (gen_random_uuid(), gen_random_uuid(), 2, now())")]
    [InlineData("UPDATE runs SET display_name = 'y'")]
    [InlineData("DELETE FROM runs")]
    [InlineData("TRUNCATE runs")]
    [InlineData("SELECT id FROM runs FOR UPDATE")]
    [InlineData("SELECT key FROM page_token_signing_keys")]
    [InlineData("ALTER TABLE runs DISABLE ROW LEVEL SECURITY")]
    [InlineData("CREATE TABLE public.of_the_reader ()")]
    public async Task Reader_is_denied(string sql)
    {
        await ShouldBeDeniedAsync(_reads, sql);
        await ShouldBeDeniedAsync(_indexed, sql);
    }

    [Theory]
    [InlineData("DROP TABLE runs")]
    [InlineData("TRUNCATE runs")]
    [InlineData("ALTER TABLE runs DISABLE ROW LEVEL SECURITY")]
    [InlineData("CREATE TABLE public.of_the_writer ()")]
    [InlineData("DELETE FROM run_counts")]
    [InlineData("DELETE FROM outdated_run_hours")]
    [InlineData("SELECT FROM run_hours")]
    [InlineData("DELETE FROM idempotency_records")]
    [InlineData("SELECT key FROM page_token_signing_keys")]
    [InlineData("DELETE FROM token_revocations")]
    [InlineData("INSERT INTO database_epochs (id) VALUES (gen_random_uuid())")]
    public Task Writer_is_denied(string sql) => ShouldBeDeniedAsync(_commits, sql);

    /// <summary>The tenant of the policy is compared once, and not with each row.</summary>
    [Fact]
    public async Task Generic_plan_of_the_reader_uses_the_index_of_the_tenant()
    {
        await using var connection = await _indexed.OpenConnectionAsync(Cancellation);

        var lines = await ExplainAsync(
            connection,
            new NpgsqlBatchCommand(
                "PREPARE list (uuid) AS SELECT id FROM runs WHERE tenant_id = $1 "
                    + "ORDER BY start_date_time DESC, id DESC LIMIT 101"
            ),
            new NpgsqlBatchCommand($"EXPLAIN EXECUTE list ('{Tenant}')")
        );

        lines.ShouldContain(line => line.StartsWith("One-Time Filter: ", StringComparison.Ordinal));
        lines.ShouldContain("Index Cond: (tenant_id = $1)");
        lines.ShouldNotContain(line => line.StartsWith("Filter: ", StringComparison.Ordinal));
    }

    /// <summary>Below a policy, only a leakproof condition bounds an index.</summary>
    [Theory]
    [InlineData(RunField.StartDateTime)]
    [InlineData(RunField.EndDateTime)]
    public async Task Plan_of_the_reader_seeks_the_cursor_of_a_page(RunField field)
    {
        var order = RunOrderKey.WithTieBreaker([new RunOrderKey(field, IsDescending: true)]);
        var sql = new RunSql();
        var where = sql.TenantPredicate(Guid.Parse(Tenant), new RunCriteria(Filter: null, SearchTerms: []));
        var after = sql.KeysetPredicate(order, new KeysetCursor([DateTimeOffset.UnixEpoch, Guid.Empty]));
        await using var connection = await _indexed.OpenConnectionAsync(Cancellation);

        var lines = await ExplainAsync(
            connection,
            new NpgsqlBatchCommand("SET enable_seqscan = off"),
            sql.Command(
                $"EXPLAIN SELECT id FROM runs WHERE {where} AND {after} ORDER BY {RunSql.OrderBy(order)} LIMIT 101"
            )
        );

        lines.ShouldContain(line =>
            line.StartsWith("Index Cond: ", StringComparison.Ordinal) && line.Contains("AND (ROW(")
        );
        lines.ShouldNotContain(line => line.StartsWith("Filter: ", StringComparison.Ordinal));
    }

    private static async Task<List<string>> ExplainAsync(
        NpgsqlConnection connection,
        params NpgsqlBatchCommand[] statements
    )
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in statements)
        {
            batch.BatchCommands.Add(statement);
        }

        var lines = new List<string>();
        await using var rows = await batch.ExecuteReaderAsync(Cancellation);
        while (await rows.ReadAsync(Cancellation))
        {
            lines.Add(rows.GetString(0).Trim());
        }

        return lines;
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, string? tenant, string table)
    {
        // As in a read of the service, the batch is the transaction.
        await using var batch = new NpgsqlBatch(connection);
        if (tenant is not null)
        {
            batch.BatchCommands.Add(ServiceRoles.SetTenant(new TenantId(Guid.Parse(tenant)), isOfTransaction: true));
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand($"SELECT count(*) FROM {table}"));
        await using var rows = await batch.ExecuteReaderAsync(Cancellation);
        if (tenant is not null)
        {
            await rows.NextResultAsync(Cancellation);
        }

        await rows.ReadAsync(Cancellation);
        return rows.GetInt64(0);
    }

    private static async Task ShouldBeDeniedAsync(NpgsqlDataSource pool, string sql) =>
        (await Should.ThrowAsync<PostgresException>(() => ReadAsync(pool, sql))).SqlState.ShouldBe(
            PostgresErrorCodes.InsufficientPrivilege
        );

    private static async Task<object?> ReadAsync(NpgsqlDataSource pool, string sql)
    {
        await using var command = pool.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
