using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>Tests the second check of the tenant of a lookup, which row-level security does not cover.</summary>
/// <remarks>
/// They run alone, because all services of a process write to the log of the service that started last.
/// </remarks>
[Collection(typeof(SerialTests))]
public sealed class ForeignLookupTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_of_another_tenant_that_a_lookup_finds_is_not_returned_and_is_logged()
    {
        var connectionString = await database.CreateMigratedDatabaseAsync();
        string run;
        await using (var service = await RunningService.StartAsync(connectionString))
        {
            using var created = await service.Client.PostAsync("process/runs", Bodies.Json(Bodies.Run), Cancellation);
            run = (await created.JsonAsync()).Text("id")!;
        }

        // In this schema all ids are equal, so that the condition of the lookup selects the runs of all tenants.
        await using (var connection = new NpgsqlConnection(connectionString))
        {
            await connection.OpenAsync(Cancellation);
            await using var command = new NpgsqlCommand(
                """
                CREATE SCHEMA defect;
                GRANT USAGE ON SCHEMA defect TO PUBLIC;
                CREATE FUNCTION defect.is_equal(uuid, uuid) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
                CREATE OPERATOR defect.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = defect.is_equal);
                """,
                connection
            );
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        using var folder = new TemporaryDirectory();
        var log = Path.Combine(folder.Path, "log.txt");
        await using (
            var service = await RunningService.StartAsync(
                $"{connectionString};Search Path=defect,public,pg_catalog",
                ("Serilog:Using:0", "Serilog.Sinks.File"),
                ("Serilog:WriteTo:0:Name", "File"),
                ("Serilog:WriteTo:0:Args:path", log),
                ("Serilog:MinimumLevel:Default", "Error")
            )
        )
        {
            using var other = service.Authorized(Tokens.Make(tid: $"{Tokens.OtherTenant}"));
            using var foreign = await other.GetAsync($"process/runs/{run}", Cancellation);
            using var own = await service.Client.GetAsync($"process/runs/{run}", Cancellation);

            foreign.StatusCode.ShouldBe(HttpStatusCode.NotFound);
            own.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        (await File.ReadAllTextAsync(log, Cancellation)).ShouldContain("A lookup found a run of another tenant");
    }
}
