using System.Net;
using System.Text.Json;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Durability;

/// <summary>
/// Verifies that the service never acknowledges a write whose commit was not confirmed as promised. These tests run
/// their own PostgreSQL.
/// </summary>
public sealed class OutcomeUnknownTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _folder = new();
    private PostgresServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var options = new EmbeddedPostgresOptions();
        _server = await PostgresServer.StartAsync(
            DataDirectory.Resolve(_folder.Path, options),
            options,
            NullLogger.Instance,
            Cancellation
        );
        await DatabaseSchema.MigrateAsync(_server.ConnectionString, TimeSpan.FromSeconds(10), Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("keyed POST")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task A_commit_whose_wait_for_the_synchronous_standby_is_canceled_is_503_outcome_unknown(string write)
    {
        await using var service = await RunningService.StartAsync(_server.ConnectionString);
        var run = await AddAsync(service);
        await RequireAbsentStandbyAsync();

        var sent = SendAsync(service, write, run);
        await Poll.UntilAsync(
            async () =>
            {
                var canceled = await ReadAsync<long>(
                    "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                );
                (canceled == 0 && sent.IsCompleted).ShouldBeFalse("nothing may be acknowledged without the standby");
                return canceled > 0;
            },
            "A wait for the standby"
        );

        using var response = await sent;
        await ShouldBeUnknownAsync(response);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("keyed POST")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task A_commit_that_takes_longer_than_the_timeout_is_503_outcome_unknown(string write)
    {
        await using var service = await RunningService.StartAsync(
            _server.ConnectionString,
            ("Commit:Timeout", "00:00:03")
        );
        Uri run;
        await using (var usual = await RunningService.StartAsync(_server.ConnectionString))
        {
            run = new Uri(service.Root, (await AddAsync(usual)).AbsolutePath);
        }

        await RequireAbsentStandbyAsync();

        using var response = await SendAsync(service, write, run);
        await ShouldBeUnknownAsync(response);
        using var ready = await service.Client.GetAsync("health/ready", Cancellation);
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.JsonAsync()).Cause().ShouldBe("commitsStalled");
        (await service.Client.GetAsync("health/ready?for=read", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("POST", false)]
    [InlineData("PATCH", false)]
    [InlineData("PATCH", true)]
    public async Task A_session_that_ends_says_truly_whether_something_can_have_been_stored(string write, bool atCommit)
    {
        // A POST commits with its only message. A PATCH is decided before its commit is sent.
        await ExecuteAsync(
            $"""
            CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
            CREATE CONSTRAINT TRIGGER leave AFTER {(write == "POST" ? "INSERT" : "UPDATE")} ON runs
            {(atCommit ? "DEFERRABLE INITIALLY DEFERRED" : "")} FOR EACH ROW EXECUTE FUNCTION leave();
            """
        );
        await using var service = await RunningService.StartAsync(_server.ConnectionString);
        var run = write == "POST" ? null : await AddAsync(service);

        using var response = await SendAsync(service, write, run);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var error = await response.JsonAsync();
        if (write == "POST" || atCommit)
        {
            await ShouldBeUnknownAsync(response);
        }
        else
        {
            error.Cause().ShouldBe("databaseUnavailable");
            error.GetProperty("error").Text("message").ShouldContain("Nothing was stored");
        }
    }

    [Fact]
    public async Task Synchronous_commit_stays_on_when_the_server_turns_it_off()
    {
        await ExecuteAsync(
            """
            CREATE TABLE seen (setting text);
            CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN INSERT INTO seen VALUES (TG_OP || ' ' || current_setting('synchronous_commit'));
            RETURN coalesce(NEW, OLD); END $$;
            CREATE TRIGGER look BEFORE INSERT OR UPDATE OR DELETE ON runs FOR EACH ROW EXECUTE FUNCTION look();
            """
        );
        await using var service = await RunningService.StartAsync(_server.ConnectionString);
        foreach (var level in (string[])["off", "local", "remote_write"])
        {
            // The first iteration opens the sessions before the reload.
            await WriteAsync(service);
            await ExecuteAsync($"ALTER SYSTEM SET synchronous_commit = {level}");
            await ExecuteAsync("SELECT pg_reload_conf()");
            await Poll.UntilAsync(
                async () => await ReadAsync<string>("SHOW synchronous_commit") == level,
                "The reload"
            );

            await WriteAsync(service);
        }

        (await ReadAsync<string[]>("SELECT array_agg(DISTINCT setting ORDER BY setting) FROM seen")).ShouldBe([
            "DELETE on",
            "INSERT on",
            "UPDATE on",
        ]);
    }

    [Fact]
    public async Task A_commit_whose_standby_is_lost_is_unknown_although_the_role_suppresses_warnings()
    {
        await ExecuteAsync("ALTER SYSTEM SET client_min_messages = error");
        await ExecuteAsync("SELECT pg_reload_conf()");
        await A_commit_whose_wait_for_the_synchronous_standby_is_canceled_is_503_outcome_unknown("POST");
    }

    [Fact]
    public async Task A_server_without_fsync_takes_no_requests()
    {
        await ExecuteAsync("ALTER SYSTEM SET fsync = off");
        await ExecuteAsync("SELECT pg_reload_conf()");
        await Poll.UntilAsync(async () => await ReadAsync<string>("SHOW fsync") == "off", "The reload");

        await using var service = await RunningService.StartAsync(_server.ConnectionString);
        using var response = await SendAsync(service, "POST", null);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await response.JsonAsync()).Cause().ShouldBe("databaseNotDurable");
    }

    private static async Task WriteAsync(RunningService service)
    {
        var run = await AddAsync(service);
        foreach (var write in (string[])["PATCH", "DELETE", "keyed POST"])
        {
            using var response = await SendAsync(service, write, run);
            response.IsSuccessStatusCode.ShouldBeTrue(write);
        }
    }

    private static async Task<Uri> AddAsync(RunningService service)
    {
        using var response = await SendAsync(service, "POST", null);
        response.StatusCode.ShouldBe(HttpStatusCode.NoContent, await response.Content.ReadAsStringAsync(Cancellation));
        return response.Headers.Location!;
    }

    private static Task<HttpResponseMessage> SendAsync(RunningService service, string write, Uri? run) =>
        write switch
        {
            "PATCH" => service.Client.PatchAsync(
                run,
                Bodies.Json($$"""{"displayName":"{{Guid.NewGuid()}}"}"""),
                Cancellation
            ),
            "DELETE" => service.Client.DeleteAsync(run, Cancellation),
            "POST" => service.Client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.Run), Cancellation),
            _ => service.Client.SendAsync(
                new HttpRequestMessage(HttpMethod.Post, "process/runs/$ref")
                {
                    Content = Bodies.Json(Bodies.Run),
                    Headers = { { "Idempotency-Key", $"{Guid.NewGuid()}" } },
                },
                Cancellation
            ),
        };

    private static async Task ShouldBeUnknownAsync(HttpResponseMessage response)
    {
        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation)).RootElement;
        error.Cause().ShouldBe("outcomeUnknown");
        error.GetProperty("error").Text("message").ShouldContain("not known whether what you sent was stored");
    }

    /// <summary>
    /// Makes commits wait for a standby that does not exist. A reload takes effect when the checkpointer has read the
    /// configuration, so the method repeats commits until one of them waits.
    /// </summary>
    private async Task RequireAbsentStandbyAsync()
    {
        await ExecuteAsync("ALTER SYSTEM SET synchronous_standby_names = 'none'");
        await ExecuteAsync("SELECT pg_reload_conf()");
        await using var connection = new NpgsqlConnection(
            $"{_server.Superuser.ConnectionString};Options=-c client_min_messages=warning"
        );
        var waited = false;
        connection.Notice += (_, received) => waited |= received.Notice.Routine == "SyncRepWaitForLSN";
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand("SELECT pg_logical_emit_message(true, 'test', '')", connection);
        while (!waited)
        {
            var commit = command.ExecuteNonQueryAsync(Cancellation);
            while (await Task.WhenAny(commit, Task.Delay(100, Cancellation)) != commit)
            {
                command.Cancel();
            }

            try
            {
                await commit;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.QueryCanceled)
            {
                // The server was too busy to reach the commit before the cancellation.
            }
        }
    }

    private Task ExecuteAsync(string sql) =>
        TestDatabase.ExecuteAsync($"{_server.Superuser.ConnectionString};Options=-c synchronous_commit=local", sql);

    private async Task<T> ReadAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(_server.Superuser.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(Cancellation))!;
    }
}
