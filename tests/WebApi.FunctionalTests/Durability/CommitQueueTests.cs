using System.Net;
using System.Net.Http.Json;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Durability;

public sealed class CommitQueueTests(TestDatabase database) : FunctionalTest(database)
{
    /// <summary>The service refuses what PostgreSQL would; so PostgreSQL is made to refuse more.</summary>
    [Fact]
    public async Task A_row_that_the_database_refuses_does_not_fail_its_neighbours()
    {
        await TestDatabase.ExecuteAsync(Database.ConnectionString, "ALTER TABLE runs ADD CONSTRAINT spoilt CHECK (display_name NOT LIKE 'spoilt%')");
        try
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async n =>
            {
                using var response = await Client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.RunAt(n, n % 20 == 7 ? $"spoilt {n}" : "sound")), Cancellation);
                return (n, response.StatusCode);
            }));

            answers.Where(a => a.n % 20 != 7).ShouldAllBe(a => a.StatusCode == HttpStatusCode.NoContent);
            answers.Where(a => a.n % 20 == 7).ShouldAllBe(a => a.StatusCode == HttpStatusCode.InternalServerError);
            (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(190);
            (await Database.ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(190);
        }
        finally
        {
            await TestDatabase.ExecuteAsync(Database.ConnectionString, "ALTER TABLE runs DROP CONSTRAINT spoilt");
        }
    }

    [Fact]
    public async Task A_change_that_the_database_refuses_does_not_fail_its_neighbours()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => AddAsync(Bodies.RunAt(n))));
        await TestDatabase.ExecuteAsync(Database.ConnectionString, "ALTER TABLE runs ADD CONSTRAINT spoilt CHECK (display_name NOT LIKE 'spoilt%')");
        try
        {
            var answers = await Task.WhenAll(runs.Select(async (run, n) =>
            {
                using var response = await Client.PatchAsync(run, Bodies.Json($$"""{"displayName":"{{(n == 7 ? "spoilt" : "sound")}}"}"""), Cancellation);
                return (n, response.StatusCode);
            }));

            answers.ShouldAllBe(a => a.StatusCode == (a.n == 7 ? HttpStatusCode.InternalServerError : HttpStatusCode.OK));
        }
        finally
        {
            await TestDatabase.ExecuteAsync(Database.ConnectionString, "ALTER TABLE runs DROP CONSTRAINT spoilt");
        }
    }

    /// <summary>Should deciding a change fail in a way that nobody foresaw, it is that change's own failure.</summary>
    [Fact]
    public async Task A_change_that_cannot_even_be_decided_does_not_fail_its_neighbours()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => AddAsync(Bodies.RunAt(n))));
        var repository = Service.Services.GetRequiredService<IRunRepository>();
        var answers = await Task.WhenAll(runs.Select(async (url, n) =>
        {
            try
            {
                var id = RunId.FromText(url.Segments[^1])!.Value;
                return (await repository.ChangeAsync(new TenantId(Tokens.Tenant), id, size: 0, _ => n == 7 ? throw new InvalidOperationException("spoilt") : null, Cancellation)).Error is null;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }));

        answers.Index().Where(a => !a.Item).Select(a => a.Index).ShouldBe([7]);
    }

    [Fact]
    public async Task Who_needs_a_run_that_another_transaction_locks_waits_and_is_then_told_and_nobody_else_waits()
    {
        var (locked, free) = (await AddAsync(Bodies.RunAt(1)), await AddAsync(Bodies.RunAt(2)));
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await using var take = new NpgsqlCommand($"SELECT FROM runs WHERE id = '{locked.Segments[^1]}' FOR UPDATE", connection);
            await take.ExecuteNonQueryAsync(Cancellation);

            var waiting = Client.PatchAsync(locked, Bodies.Json("""{"displayName":"x"}"""), Cancellation);
            using var changed = await Client.PatchAsync(free, Bodies.Json("""{"displayName":"x"}"""), Cancellation);
            await AddAsync(Bodies.RunAt(3));
            var wasWaiting = !waiting.IsCompleted;
            using var told = await waiting;

            changed.StatusCode.ShouldBe(HttpStatusCode.OK);
            wasWaiting.ShouldBeTrue();
            told.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await told.JsonAsync()).Cause().ShouldBe("databaseBusy");
        }

        using var after = await Client.PatchAsync(locked, Bodies.Json("""{"displayName":"x"}"""), Cancellation);
        after.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Everything that is sent while PostgreSQL stands still must fit the queue or be refused at once.</summary>
    [Fact]
    public async Task A_full_queue_refuses_at_once_and_loses_nothing_that_it_acknowledged()
    {
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        await connection.OpenAsync(Cancellation);
        var body = $$$"""{"displayName":"large","startDateTime":"2026-01-01T00:00:00Z","status":"running","statistics":{"text":"{{{new string('x', 60_000)}}}"} }""";
        Task<HttpResponseMessage>[] sent;
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await using var take = new NpgsqlCommand("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE", connection);
            await take.ExecuteNonQueryAsync(Cancellation);
            sent = [.. Enumerable.Range(0, 1000).Select(_ => Client.PostAsync("process/runs/$ref", Bodies.Json(body), Cancellation))];
            var first = await await Task.WhenAny(sent);

            first.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            first.Headers.RetryAfter.ShouldNotBeNull();
            var error = await first.JsonAsync();
            error.Cause().ShouldBe("queueFull");
            error.GetProperty("error").Text("message").ShouldContain("Nothing was stored");
        }

        var answers = await Task.WhenAll(sent);
        var acknowledged = answers.Count(a => a.StatusCode == HttpStatusCode.NoContent);
        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.NoContent || a.StatusCode == HttpStatusCode.ServiceUnavailable);
        acknowledged.ShouldBeInRange(1, 999);
        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(acknowledged);
    }

    [Fact]
    public async Task Stopping_commits_what_waits()
    {
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        await connection.OpenAsync(Cancellation);
        var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var take = new NpgsqlCommand("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE", connection);
        await take.ExecuteNonQueryAsync(Cancellation);
        using var client = Service.Authorized(Tokens.Make());
        var sent = Enumerable.Range(0, 50).Select(n => client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.RunAt(n)), Cancellation)).ToArray();
        await Task.Delay(500, Cancellation);

        var stopped = Service.DisposeAsync();
        await Task.Delay(500, Cancellation);
        await transaction.DisposeAsync();
        await stopped;

        var answers = await Task.WhenAll(sent);
        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.NoContent);
        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(50);
    }

    [Fact]
    public async Task Counts_follow_every_way_to_write()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 30).Select(n => AddAsync(Bodies.RunAt(n))));
        await Task.WhenAll(runs.Take(10).Select(r => Client.PatchAsync(r, Bodies.Json("""{"status":"failed","endDateTime":"2026-12-01T00:00:00Z"}"""), Cancellation)));
        await Task.WhenAll(runs.Skip(5).Take(10).Select(r => Client.DeleteAsync(r, Cancellation)));
        using var start = await Client.PostAsync("process/runs/start", null, Cancellation);
        using var keyed = new HttpRequestMessage(HttpMethod.Post, "process/runs") { Content = Bodies.Json(Bodies.Run), Headers = { { "Idempotency-Key", "k" } } };
        using var once = await Client.SendAsync(keyed, Cancellation);

        foreach (var filter in (string[])["", "$filter=status eq 'failed'", "$filter=status ne 'failed'", "$filter=status in ('running','completedWithWarnings')", "$filter=not (status gt 'running')"])
        {
            var counted = await Client.GetStringAsync($"process/runs/$count?{filter}", Cancellation);
            var listed = await Client.GetFromJsonAsync<System.Text.Json.JsonElement>($"process/runs?{filter}", Cancellation);
            counted.ShouldBe($"{listed.GetProperty("value").GetArrayLength()}", filter);
        }

        (await Client.GetStringAsync("process/runs/$count", Cancellation)).ShouldBe("22");
    }
}
