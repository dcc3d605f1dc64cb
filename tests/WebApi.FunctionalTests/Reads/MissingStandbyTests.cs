using System.Net;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>
/// Tests that a server whose synchronous standby is unavailable answers reads. The test runs its own PostgreSQL.
/// </summary>
[Collection(typeof(SerialTests))]
public sealed class MissingStandbyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Service_that_starts_without_the_synchronous_standby_answers_reads()
    {
        using var folder = new TemporaryDirectory();
        var options = new EmbeddedPostgresOptions();
        await using var server = await PostgresServer.StartAsync(
            DataDirectory.Resolve(folder.Path, options),
            options,
            NullLogger.Instance,
            Cancellation
        );
        await DatabaseSchema.MigrateAsync(server.ConnectionString, TimeSpan.FromSeconds(10), Cancellation);
        var local = $"{server.Superuser.ConnectionString};Options=-c synchronous_commit=local";
        await TestDatabase.ExecuteAsync(local, "ALTER SYSTEM SET synchronous_standby_names = 'none'");
        await TestDatabase.ExecuteAsync(local, "SELECT pg_reload_conf()");
        await UntilSetAsync(local);

        // Simulates a failover: the epoch of this server is not recorded yet.
        await TestDatabase.ExecuteAsync(local, "DELETE FROM database_epochs");
        await using (var service = await RunningService.StartAsync(server.ConnectionString))
        {
            foreach (var path in (string[])["process/runs", "process/runs/delta"])
            {
                using var response = await service
                    .Client.GetAsync(path, Cancellation)
                    .WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
                response.StatusCode.ShouldBe(HttpStatusCode.OK, path);
            }
        }

        NpgsqlConnection.ClearAllPools();
    }

    private static async Task UntilSetAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Cancellation);
        await using var show = new NpgsqlCommand("SHOW synchronous_standby_names", connection);
        await Poll.UntilAsync(async () => await show.ExecuteScalarAsync(Cancellation) is "none", "The reload");
    }
}
