using IndustryData.Infrastructure;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Schema;

public sealed class SchemaTests(TestDatabase database)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_migrations_hold_every_change_of_the_model()
    {
        using var context = Context(database.ConnectionString);

        context.Database.HasPendingModelChanges().ShouldBeFalse("run: dotnet ef migrations add NAME --project src/Infrastructure --output-dir Persistence/Migrations");
    }

    /// <summary>Partitioned tables are made by hand; this compares columns, collations, keys and indexes with the model's, but for indexes of expressions, which EF does not have.</summary>
    [Theory]
    [InlineData("runs")]
    [InlineData("run_activities")]
    [InlineData("run_starts")]
    [InlineData("kept_requests")]
    [InlineData("run_counts")]
    [InlineData("run_deletions")]
    [InlineData("incarnations")]
    [InlineData("token_keys")]
    public async Task The_table_is_the_one_of_the_model(string table)
    {
        using var context = Context(database.ConnectionString);
        var model = context.GetService<IDesignTimeModel>().Model.GetRelationalModel().Tables.Single(t => t.Name == table);
        var expected = model.Columns.Select(c => $"{c.Name} {c.StoreType} {(c.IsNullable ? "NULL" : "NOT NULL")} {c.Collation}")
            .Concat(model.UniqueConstraints.Select(c => $"{c.Name} {string.Join(',', c.Columns.Select(k => k.Name))}"))
            .Concat(model.Indexes.Select(i => $"{i.Name} {string.Join(',', i.Columns.Select((c, n) => i.IsDescending?[n] == true ? $"{c.Name} DESC" : c.Name))}"))
            .Order();

        var actual = await database.ReadAsync<string[]>(
            $"""
            SELECT array_agg(line) FROM (
                SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL ' ELSE ' NULL ' END
                    || coalesce((SELECT collname FROM pg_collation WHERE oid = attcollation AND collname <> 'default'), '') AS line
                FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped
                UNION ALL
                SELECT indexrelid::regclass || ' ' || regexp_replace(substring(pg_get_indexdef(indexrelid) FROM '\((.*)\)'), ', ', ',', 'g')
                FROM pg_index WHERE indrelid = '{table}'::regclass AND indexprs IS NULL) AS lines
            """);

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
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time, last_modified_date_time, version, statistics)
            VALUES ($1, $1, 'x', now(), 0, now(), now(), 1, '{}') RETURNING tableoid::regclass::text
            """,
            connection);
        insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });

        (await insert.ExecuteScalarAsync(Cancellation)).ShouldBe($"runs_{now.Year}q{((now.Month - 1) / 3) + 1}");
    }

    [Fact]
    public async Task Migrating_at_once_from_several_places_applies_everything_once()
    {
        var own = await database.CreateDatabaseAsync();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => InfrastructureServices.MigrateAsync(own, TimeSpan.FromSeconds(10), Cancellation)));

        (await InfrastructureServices.MigrateAsync(own, TimeSpan.FromSeconds(10), Cancellation)).ShouldBeEmpty();
    }

    private static IndustryDataContext Context(string connectionString) =>
        new(new DbContextOptionsBuilder<IndustryDataContext>().UseNpgsql(connectionString).Options);
}
