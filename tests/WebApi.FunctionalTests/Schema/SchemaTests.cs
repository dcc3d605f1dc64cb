using IndustryData.Infrastructure;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.EntityFrameworkCore;
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

    /// <summary>The first migration is written by hand; this compares what it makes with what EF would have made.</summary>
    [Fact]
    public async Task The_columns_are_those_of_the_model()
    {
        using var context = Context(database.ConnectionString);
        var table = context.Model.GetRelationalModel().Tables.Single(t => t.Name == "runs");
        var expected = table.Columns.Select(c => $"{c.Name} {c.StoreType} {(c.IsNullable ? "NULL" : "NOT NULL")}").Order();

        var actual = await database.ReadAsync<string[]>(
            """
            SELECT array_agg(attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE ' NULL' END)
            FROM pg_attribute WHERE attrelid = 'runs'::regclass AND attnum > 0 AND NOT attisdropped
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
