using System.Net;
using IndustryData.Infrastructure;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Durability;

[Collection(typeof(SerialTests))]
public sealed class DatabaseAwayTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_whose_database_does_not_exist_yet_answers_503_until_it_does()
    {
        var name = $"industrydata_later_{Guid.NewGuid():N}";
        var later = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = name };
        var superuser = database.AsSuperuser(database.ConnectionString);
        await using var service = await RunningService.StartAsync(later.ConnectionString);
        try
        {
            await ShouldBe503Async(service, "databaseAccessDenied");
            await TestDatabase.ExecuteAsync(superuser, $"CREATE DATABASE {name} OWNER {later.Username}");
            await UntilCauseAsync(service, "schemaOutdated");
            await ShouldBe503Async(service, "schemaOutdated");
            (
                await DatabaseSchema.MigrateAsync(later.ConnectionString, TimeSpan.FromSeconds(10), Cancellation)
            ).ShouldNotBeEmpty();
            await UntilReadyAsync(service);
            using var response = await service.Client.PostAsync(
                "process/runs/$ref",
                Bodies.Json(Bodies.Run),
                Cancellation
            );
            response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await TestDatabase.ExecuteAsync(superuser, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        }
    }

    /// <summary>
    /// The resolution of a host name of more than 255 characters throws an exception that is not from Npgsql. Broken
    /// sessions throw other exceptions.
    /// </summary>
    [Fact]
    public async Task A_look_for_the_database_that_fails_in_no_expected_way_does_not_end_the_service()
    {
        await using var service = await RunningService.StartWithoutDatabaseAsync(
            $"Host={new string('a', 300)};Username=x;Database=x"
        );
        for (var look = 0; look < 3; look++)
        {
            await ShouldBe503Async(service, "databaseUnavailable");

            // A failed look leaves no trace that could be waited for. The service looks every 500 ms.
            await Task.Delay(TimeSpan.FromMilliseconds(600), Cancellation);
        }

        (await service.Client.GetAsync("health/live", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Database_that_was_restored_without_privileges_is_503_until_it_is_migrated()
    {
        var own = await database.CreateMigratedDatabaseAsync();
        await TestDatabase.ExecuteAsync(
            own,
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM industrydata_reader, industrydata_writer"
        );
        await using var service = await RunningService.StartAsync(own);

        await ShouldBe503Async(service, "databaseAccessDenied");
        await UntilCauseAsync(service, "databaseAccessDenied");
        (await DatabaseSchema.MigrateAsync(own, TimeSpan.FromSeconds(10), Cancellation)).ShouldBeEmpty();

        await UntilReadyAsync(service);
        (await PostAsync(service)).ShouldBe(HttpStatusCode.NoContent);
        (await service.Client.GetAsync("process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Sessions_that_the_server_ended_cost_no_more_than_503_and_then_all_is_well()
    {
        await using var service = await RunningService.StartAsync(database.ConnectionString);
        for (var round = 0; round < 5; round++)
        {
            await Parallel.ForAsync(
                0,
                20,
                Cancellation,
                async (i, _) =>
                {
                    if (i == 10)
                    {
                        await TestDatabase.ExecuteAsync(
                            database.ConnectionString,
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                + "WHERE application_name = 'IndustryData' AND datname = current_database()"
                        );
                    }

                    (await PostAsync(service)).ShouldBeOneOf(
                        HttpStatusCode.NoContent,
                        HttpStatusCode.ServiceUnavailable
                    );
                }
            );

            // After an unconfirmed commit the service is not ready until a commit is confirmed, or for a minute.
            await Poll.UntilAsync(async () => await PostAsync(service) == HttpStatusCode.NoContent, "A stored run");
            await UntilReadyAsync(service);
        }
    }

    [Fact]
    public async Task A_schema_that_lost_a_table_is_503_and_not_500()
    {
        var own = await database.CreateMigratedDatabaseAsync();
        await using var service = await RunningService.StartAsync(own);
        await TestDatabase.ExecuteAsync(own, """DROP TABLE runs CASCADE; DELETE FROM "__EFMigrationsHistory" """);

        await ShouldBe503Async(service, "schemaOutdated");
    }

    [Fact]
    public async Task Schema_from_before_the_first_version_is_503()
    {
        var own = await database.CreateDatabaseAsync();
        await TestDatabase.ExecuteAsync(
            own,
            """
            CREATE TABLE "__EFMigrationsHistory" ("MigrationId" text PRIMARY KEY, "ProductVersion" text NOT NULL);
            INSERT INTO "__EFMigrationsHistory" VALUES ('20261123172321_Initial', '10.0.15');
            """
        );
        await using var service = await RunningService.StartAsync(own);

        await ShouldBe503Async(service, "schemaOutdated");
    }

    [Fact]
    public async Task A_server_that_takes_no_writes_is_503_and_still_read_from()
    {
        var own = await database.CreateMigratedDatabaseAsync();
        await TestDatabase.ExecuteAsync(
            own,
            $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(own).Database} SET default_transaction_read_only = on"
        );
        await using var service = await RunningService.StartAsync(own);

        await ShouldBe503Async(service, "databaseReadOnly");
        using var notReady = await service.Client.GetAsync("health/ready", Cancellation);
        notReady.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var detail = (await notReady.JsonAsync()).GetProperty("error").GetProperty("details").EnumerateArray().Single();
        (detail.Text("code"), detail.Text("target")).ShouldBe(("databaseReadOnly", "write"));
        using var forReads = await service.Client.GetAsync("health/ready?for=read", Cancellation);
        forReads.StatusCode.ShouldBe(HttpStatusCode.OK);
        var state = await forReads.JsonAsync();
        state.Text("status").ShouldBe("ready");
        state.GetProperty("reasons").EnumerateArray().Single().Text("code").ShouldBe("databaseReadOnly");
        (await service.Client.GetAsync("process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_broken_write_does_not_claim_that_nothing_was_stored()
    {
        Assert.SkipWhen(
            database.IsDistributed,
            "Distributed tables have no triggers, with which the test stops a commit."
        );
        var own = await database.CreateMigratedDatabaseAsync();
        await TestDatabase.ExecuteAsync(
            own,
            """
            CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
            CREATE TRIGGER leave BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION leave();
            """
        );
        await using var service = await RunningService.StartAsync(own);
        using var response = await service.Client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.Run), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await response.JsonAsync())
            .GetProperty("error")
            .Text("message")
            .ShouldContain("not known whether what you sent was stored");
    }

    [Fact]
    public async Task What_went_wrong_stands_in_the_log_under_its_request_id()
    {
        var own = await database.CreateMigratedDatabaseAsync();
        await using var service = await ServiceProcess.StartAsync(("ConnectionStrings__IndustryData", own));
        await TestDatabase.ExecuteAsync(
            own,
            """ALTER TABLE runs RENAME TO elsewhere; DELETE FROM "__EFMigrationsHistory" """
        );
        using var response = await service.Client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.Run), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        await service.StopAsync();
        service
            .Output.Split('\n')
            .ShouldContain(line =>
                line.Contains(" WRN ", StringComparison.Ordinal)
                && line.Contains(response.Headers.GetValues("request-id").Single(), StringComparison.Ordinal)
            );
    }

    [Fact]
    public async Task Writes_wait_for_the_disk_though_the_database_says_otherwise()
    {
        Assert.SkipWhen(
            database.IsDistributed,
            "Distributed tables have no triggers, with which the test stops a commit."
        );
        var own = await database.CreateMigratedDatabaseAsync();
        await TestDatabase.ExecuteAsync(
            own,
            $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(own).Database} SET synchronous_commit = off"
        );
        await TestDatabase.ExecuteAsync(
            own,
            """
            CREATE TABLE seen (setting text);
            CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
            CREATE TRIGGER look BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION look();
            """
        );
        await using var service = await RunningService.StartAsync(own);
        for (var i = 0; i < 3; i++)
        {
            using var response = await service.Client.PostAsync(
                "process/runs/$ref",
                Bodies.Json(Bodies.Run),
                Cancellation
            );
            response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }

        await using var connection = new NpgsqlConnection(own);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand("SELECT string_agg(setting, ',') FROM seen", connection);
        (await command.ExecuteScalarAsync(Cancellation)).ShouldBe("on,on,on");
    }

    private static async Task<HttpStatusCode> PostAsync(RunningService service)
    {
        using var response = await service.Client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.Run), Cancellation);
        return response.StatusCode;
    }

    private static async Task ShouldBe503Async(RunningService service, string cause)
    {
        using var response = await service.Client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.Run), Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        (await response.JsonAsync()).Cause().ShouldBe(cause);
    }

    private static async Task UntilCauseAsync(RunningService service, string cause)
    {
        await Poll.UntilAsync(
            async () =>
            {
                using var response = await service.Client.GetAsync("health/ready", Cancellation);
                return !response.IsSuccessStatusCode && (await response.JsonAsync()).Cause() == cause;
            },
            cause
        );
    }

    private static async Task UntilReadyAsync(RunningService service)
    {
        await Poll.UntilAsync(
            async () => (await service.Client.GetAsync("health/ready", Cancellation)).StatusCode == HttpStatusCode.OK,
            "Readiness"
        );
    }
}
