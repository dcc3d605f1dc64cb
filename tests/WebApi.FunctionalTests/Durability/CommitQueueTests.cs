using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Durability;

[Collection(typeof(SerialTests))]
public sealed class CommitQueueTests(TestDatabase database) : FunctionalTest(database)
{
    /// <summary>The service itself refuses all invalid values, so a constraint makes PostgreSQL refuse more.</summary>
    [Fact]
    public async Task A_row_that_the_database_refuses_does_not_fail_its_neighbors()
    {
        await TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            "ALTER TABLE runs ADD CONSTRAINT spoilt CHECK (display_name NOT LIKE 'spoilt%')"
        );
        try
        {
            var answers = await Task.WhenAll(
                Enumerable
                    .Range(0, 120)
                    .Select(async n =>
                    {
                        using var response = await Client.PostAsync(
                            "process/runs/$ref",
                            Bodies.Json(Bodies.RunAt(n, n % 20 == 7 ? $"spoilt {n}" : "sound")),
                            Cancellation
                        );
                        return (n, response.StatusCode);
                    })
            );

            answers.Where(a => a.n % 20 != 7).ShouldAllBe(a => a.StatusCode == HttpStatusCode.NoContent);
            answers.Where(a => a.n % 20 == 7).ShouldAllBe(a => a.StatusCode == HttpStatusCode.InternalServerError);
            (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(114);
            (await Database.ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(114);
        }
        finally
        {
            await TestDatabase.ExecuteAsync(Database.ConnectionString, "ALTER TABLE runs DROP CONSTRAINT spoilt");
        }
    }

    [Fact]
    public async Task A_change_that_the_database_refuses_does_not_fail_its_neighbors()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => AddAsync(Bodies.RunAt(n))));
        await TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            "ALTER TABLE runs ADD CONSTRAINT spoilt CHECK (display_name NOT LIKE 'spoilt%')"
        );
        try
        {
            var answers = await Task.WhenAll(
                runs.Select(
                    async (run, n) =>
                    {
                        using var response = await Client.PatchAsync(
                            run,
                            Bodies.Json($$"""{"displayName":"{{(n == 7 ? "spoilt" : "sound")}}"}"""),
                            Cancellation
                        );
                        return (n, response.StatusCode);
                    }
                )
            );

            answers.ShouldAllBe(a =>
                a.StatusCode == (a.n == 7 ? HttpStatusCode.InternalServerError : HttpStatusCode.OK)
            );
        }
        finally
        {
            await TestDatabase.ExecuteAsync(Database.ConnectionString, "ALTER TABLE runs DROP CONSTRAINT spoilt");
        }
    }

    /// <summary>An unexpected exception from the decision on a change fails only that change.</summary>
    [Fact]
    public async Task A_change_that_cannot_even_be_decided_does_not_fail_its_neighbors()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => AddAsync(Bodies.RunAt(n))));
        var repository = Service.Services.GetRequiredService<IRunRepository>();
        var answers = await Task.WhenAll(
            runs.Select(
                async (url, n) =>
                {
                    try
                    {
                        var id = RunId.TryParse(url.Segments[^1])!.Value;
                        return (
                            await repository.UpdateAsync(
                                new TenantId(Tokens.Tenant),
                                id,
                                size: 0,
                                _ => n == 7 ? throw new InvalidOperationException("spoilt") : null,
                                Cancellation
                            )
                        ).Error
                            is null;
                    }
                    catch (InvalidOperationException)
                    {
                        return false;
                    }
                }
            )
        );

        answers.Index().Where(a => !a.Item).Select(a => a.Index).ShouldBe([7]);
    }

    [Fact]
    public async Task Only_a_write_of_a_run_that_another_transaction_locks_waits_and_gets_503()
    {
        var (locked, free) = (await AddAsync(Bodies.RunAt(1)), await AddAsync(Bodies.RunAt(2)));
        await using (
            await Database.LockAsync(
                $"SELECT 1 FROM runs WHERE tenant_id = '{Tokens.Tenant}' AND id = '{locked.Segments[^1]}' FOR UPDATE"
            )
        )
        {
            // The wait is two seconds. The other writes may take longer on a machine that stalls.
            var wasWaiting = false;
            for (var attempt = 0; attempt < 3 && !wasWaiting; attempt++)
            {
                var waiting = Client.PatchAsync(locked, Bodies.Json("""{"displayName":"x"}"""), Cancellation);
                using var changed = await Client.PatchAsync(free, Bodies.Json("""{"displayName":"x"}"""), Cancellation);
                await AddAsync(Bodies.RunAt(3));
                wasWaiting = !waiting.IsCompleted;
                using var response = await waiting;

                changed.StatusCode.ShouldBe(HttpStatusCode.OK);
                response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
                (await response.JsonAsync()).Cause().ShouldBe("databaseBusy");
            }

            wasWaiting.ShouldBeTrue();
        }

        using var after = await Client.PatchAsync(locked, Bodies.Json("""{"displayName":"x"}"""), Cancellation);
        after.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_tenant_beyond_its_share_of_the_queue_gets_429_and_loses_nothing_that_was_acknowledged()
    {
        await using var service = await RunningService.StartAsync(
            Database.ConnectionString,
            ("Limits:ConcurrentRequests", "1000")
        );
        await using var held = await HoldInsertsAsync();
        Task<HttpResponseMessage>[] sent =
        [
            .. Enumerable.Range(0, 400).Select(_ => SendLargeAsync(service.Client, "large")),
        ];
        var first = await await Task.WhenAny(sent);

        first.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        first.Headers.RetryAfter.ShouldNotBeNull();
        var error = await first.JsonAsync();
        error.Cause().ShouldBe("writeQueueShareExceeded");
        error.GetProperty("error").Text("message").ShouldContain("Nothing was stored");
        await held.DisposeAsync();
        await ShouldHoldWhatWasAcknowledgedAsync(sent, HttpStatusCode.TooManyRequests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_queue_answers_503_at_once_and_loses_nothing_that_was_acknowledged(bool keyed)
    {
        Assert.SkipWhen(Database.IsDistributed, "The queue of a node is smaller.");
        var tenants = Enumerable
            .Range(0, 8)
            .Select(n => Service.Authorized(Tokens.Make(tid: $"{n}1111111-1111-4111-8111-111111111111")))
            .ToArray();
        await using var held = await HoldInsertsAsync();
        Task<HttpResponseMessage>[] sent =
        [
            .. Enumerable.Range(0, 800).Select(n => SendLargeAsync(tenants[n % 8], "large", keyed ? $"{n}" : null)),
        ];
        var first = await await Task.WhenAny(sent);

        first.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        first.Headers.RetryAfter.ShouldNotBeNull();
        var error = await first.JsonAsync();
        error.Cause().ShouldBe("writeQueueFull");
        error.GetProperty("error").Text("message").ShouldContain("Nothing was stored");
        await held.DisposeAsync();
        await ShouldHoldWhatWasAcknowledgedAsync(sent, HttpStatusCode.ServiceUnavailable);
    }

    [Theory]
    [InlineData(
        "a key",
        "INSERT INTO idempotency_records VALUES ('11111111-1111-4111-8111-111111111111', "
            + "left(encode(sha256('idempotency k'), 'hex'), 32)::uuid, '', gen_random_uuid(), false, now())",
        true
    )]
    [InlineData("every counter", "UPDATE run_counts SET count = count", false)]
    [InlineData(
        "the start lock",
        "SELECT pg_advisory_xact_lock(hashtextextended('11111111-1111-4111-8111-111111111111', 0))",
        true
    )]
    public async Task A_lock_on_something_of_one_tenant_delays_no_other(string what, string statement, bool fails)
    {
        using var other = Service.Authorized(Tokens.Make(tid: $"{Tokens.OtherTenant}"));
        await AddAsync(Bodies.RunAt(1));
        await using var locked = await Database.LockAsync(statement);

        // The service promises that other tenants wait for one second at most, and the tenant itself for three. Without
        // the isolation of tenants, the others would wait as long as the lock is held. The machine may stall, so one
        // attempt of three counts.
        var (ofOthers, ofOwn) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3.5));
        var attempts = new List<(TimeSpan Others, TimeSpan Own)>();
        while (attempts.Count < 3 && !attempts.Any(a => a.Others < ofOthers && a.Own < ofOwn))
        {
            attempts.Add(await WriteBesideLockAsync(other, what, fails));
        }

        attempts.ShouldContain(a => a.Others < ofOthers && a.Own < ofOwn, what);
        await locked.DisposeAsync();
        await AddAsync(Bodies.RunAt(3));
    }

    /// <summary>Adds runs of the tenant that a lock affects, and meanwhile runs of another one.</summary>
    /// <returns>The longest durations.</returns>
    private async Task<(TimeSpan Others, TimeSpan Own)> WriteBesideLockAsync(HttpClient other, string what, bool fails)
    {
        var affected = Stopwatch.StartNew();
        var own = Enumerable
            .Range(0, 4)
            .Select(async n =>
            {
                using var request =
                    what == "the start lock"
                        ? new HttpRequestMessage(HttpMethod.Post, "process/runs/start")
                        : new HttpRequestMessage(HttpMethod.Post, "process/runs/$ref")
                        {
                            Content = Bodies.Json(Bodies.RunAt(n)),
                        };
                if (what == "a key")
                {
                    request.Headers.Add("Idempotency-Key", "k");
                }

                using var response = await Client.SendAsync(request, Cancellation);
                return (
                    response.StatusCode,
                    affected.Elapsed,
                    Cause: response.IsSuccessStatusCode
                        ? ""
                        : (await response.JsonAsync()).GetProperty("error").ToString()
                );
            })
            .ToArray();
        var others = TimeSpan.Zero;
        for (var probe = Stopwatch.StartNew(); probe.Elapsed < TimeSpan.FromSeconds(2); )
        {
            var started = probe.Elapsed;
            await AddAsync(Bodies.RunAt(2), other);
            var took = probe.Elapsed - started;
            others = took > others ? took : others;
        }

        var answers = await Task.WhenAll(own);
        foreach (var (status, _, cause) in answers)
        {
            status.ShouldBe(fails ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.NoContent, cause);
            if (fails)
            {
                cause.ShouldContain("databaseBusy");
                cause.ShouldContain("Nothing was stored");
            }
        }

        return (others, answers.Max(a => a.Elapsed));
    }

    [Fact]
    public async Task A_locked_key_lets_the_other_writes_of_its_tenant_pass()
    {
        await using var locked = await Database.LockAsync(
            "INSERT INTO idempotency_records VALUES ('11111111-1111-4111-8111-111111111111', "
                + "left(encode(sha256('idempotency k'), 'hex'), 32)::uuid, '', gen_random_uuid(), false, now())"
        );
        using var keyed = new HttpRequestMessage(HttpMethod.Post, "process/runs")
        {
            Content = Bodies.Json(Bodies.Run),
            Headers = { { "Idempotency-Key", "k" } },
        };
        var waiting = Client.SendAsync(keyed, Cancellation);
        await Poll.UntilAsync(
            async () =>
                await Database.ReadAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                        + "AND wait_event_type = 'Lock' AND query LIKE '%idempotency_records%'"
                ) > 0,
            "The wait for the key"
        );
        await Task.WhenAll(Enumerable.Range(0, 50).Select(n => AddAsync(Bodies.RunAt(n))));

        using var refused = await waiting;
        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(50);
    }

    /// <summary>
    /// A tenant whose writes are committed separately has its own transaction for each of its batches. After the lock
    /// is released, its writes share transactions with those of another tenant again.
    /// </summary>
    [Fact]
    public async Task A_tenant_shares_commits_again_when_the_lock_is_gone()
    {
        using var other = Service.Authorized(Tokens.Make(tid: $"{Tokens.OtherTenant}"));
        var isOver = false;
        var load = Enumerable
            .Range(0, 32)
            .Select(async n =>
            {
                while (!Volatile.Read(ref isOver))
                {
                    using var response = await (n % 2 == 0 ? Client : other).PostAsync(
                        "process/runs/$ref",
                        Bodies.Json(Bodies.RunAt(n)),
                        Cancellation
                    );
                    response.StatusCode.ShouldBeOneOf(HttpStatusCode.NoContent, HttpStatusCode.ServiceUnavailable);
                }
            })
            .ToArray();
        await using (await Database.LockAsync("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"))
        {
            using var waiting = await Client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.RunAt(1)), Cancellation);
            waiting.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        }

        const string shared =
            "SELECT count(*) FROM (SELECT change_number FROM runs WHERE change_number > $1 "
            + "GROUP BY 1 HAVING count(DISTINCT tenant_id) > 1) AS s";
        var latest = await Database.ReadAsync<long>("SELECT coalesce(max(change_number), 0) FROM runs");
        await Poll.UntilAsync(
            async () => await Database.ReadAsync<long>(shared.Replace("$1", $"{latest}", StringComparison.Ordinal)) > 0,
            "A shared commit"
        );

        Volatile.Write(ref isOver, true);
        await Task.WhenAll(load);
    }

    [Fact]
    public async Task Keys_that_arrive_together_and_twice_store_one_run_each()
    {
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 120)
                .Select(async n =>
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, "process/runs/$ref")
                    {
                        Content = Bodies.Json(Bodies.RunAt(n % 30)),
                        Headers = { { "Idempotency-Key", $"{n % 30}" } },
                    };
                    using var response = await Client.SendAsync(request, Cancellation);
                    response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
                    return (Key: n % 30, response.Headers.Location);
                })
        );

        answers.GroupBy(a => a.Key).ShouldAllBe(g => g.Select(a => a.Location).Distinct().Count() == 1);
        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(30);
        (await Database.ReadAsync<decimal>("SELECT sum(count) FROM run_counts")).ShouldBe(30);
        (
            await Database.ReadAsync<long>(
                "SELECT count(*) FROM idempotency_records WHERE resource_id IN (SELECT id FROM runs)"
            )
        ).ShouldBe(30);
    }

    [Fact]
    public async Task Stopping_commits_what_waits()
    {
        await using var held = await HoldInsertsAsync();
        using var client = Service.Authorized(Tokens.Make());
        var bodies = Enumerable.Range(0, 50).Select(n => Bodies.RunAt(n)).ToList();
        var sent = bodies
            .Select(body => client.PostAsync("process/runs/$ref", Bodies.Json(body), Cancellation))
            .ToArray();
        var budget = Service.Services.GetRequiredService<RequestLimiter>().Budget;
        await Poll.UntilAsync(() => budget.HeldBytes >= bodies.Sum(b => b.Length), "The arrival of all bodies");
        var stopping = Service.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

        var stopped = Service.DisposeAsync().AsTask();
        await Poll.UntilAsync(() => stopping.IsCancellationRequested, "The stop");
        stopped.IsCompleted.ShouldBeFalse();
        await held.DisposeAsync();
        await stopped;

        var answers = await Task.WhenAll(sent);
        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.NoContent);
        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(50);
    }

    [Fact]
    public async Task Counts_follow_every_way_to_write()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 30).Select(n => AddAsync(Bodies.RunAt(n))));
        await Task.WhenAll(
            runs.Take(10)
                .Select(r =>
                    Client.PatchAsync(
                        r,
                        Bodies.Json("""{"status":"failed","endDateTime":"2026-12-01T00:00:00Z"}"""),
                        Cancellation
                    )
                )
        );
        await Task.WhenAll(runs.Skip(5).Take(10).Select(r => Client.DeleteAsync(r, Cancellation)));
        using var start = await Client.PostAsync("process/runs/start", null, Cancellation);
        using var keyed = new HttpRequestMessage(HttpMethod.Post, "process/runs")
        {
            Content = Bodies.Json(Bodies.Run),
            Headers = { { "Idempotency-Key", "k" } },
        };
        using var once = await Client.SendAsync(keyed, Cancellation);

        foreach (
            var filter in (string[])
                [
                    "",
                    "$filter=status eq 'failed'",
                    "$filter=status ne 'failed'",
                    "$filter=status in ('running','completedWithWarnings')",
                    "$filter=not (status gt 'running')",
                ]
        )
        {
            var counted = await Client.GetStringAsync($"process/runs/$count?{filter}", Cancellation);
            var listed = await Client.GetFromJsonAsync<System.Text.Json.JsonElement>(
                $"process/runs?{filter}",
                Cancellation
            );
            counted.ShouldBe($"{listed.GetProperty("value").GetArrayLength()}", filter);
        }

        (await Client.GetStringAsync("process/runs/$count", Cancellation)).ShouldBe("22");
    }

    /// <summary>
    /// Lets no insert of a run end until the result is disposed. Writes give up a lock after two seconds, and this is
    /// not a lock.
    /// </summary>
    private async Task<IAsyncDisposable> HoldInsertsAsync()
    {
        // Citus has no triggers on distributed tables.
        if (Database.IsDistributed)
        {
            return await Database.LockAsync("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE");
        }

        await TestDatabase.ExecuteUnlockedAsync(
            Database.ConnectionString,
            """
            CREATE TABLE IF NOT EXISTS held_inserts (until text);
            GRANT SELECT ON held_inserts TO industrydata_writer;
            CREATE OR REPLACE FUNCTION hold_insert() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                WHILE EXISTS (SELECT FROM held_inserts) LOOP
                    PERFORM pg_sleep(0.02);
                END LOOP;
                RETURN NEW;
            END
            $$;
            CREATE OR REPLACE TRIGGER held BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION hold_insert();
            """
        );
        await TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            "INSERT INTO held_inserts VALUES ('the end of the test')"
        );
        return new HeldInserts(Database.ConnectionString);
    }

    private static Task<HttpResponseMessage> SendLargeAsync(HttpClient client, string name, string? key = null)
    {
        var body =
            $$$"""{"displayName":"{{{name}}}","startDateTime":"2026-01-01T00:00:00Z","status":"running","statistics":"""
            + $$$"""{"text":"{{{new string('x', 60_000)}}}"} }""";
        var request = new HttpRequestMessage(HttpMethod.Post, "process/runs/$ref") { Content = Bodies.Json(body) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return client.SendAsync(request, Cancellation);
    }

    private async Task ShouldHoldWhatWasAcknowledgedAsync(Task<HttpResponseMessage>[] sent, HttpStatusCode refused)
    {
        var answers = await Task.WhenAll(sent);
        answers.ShouldAllBe(a =>
            a.StatusCode == HttpStatusCode.NoContent
            || a.StatusCode == HttpStatusCode.ServiceUnavailable
            || a.StatusCode == refused
        );
        var acknowledged = answers.Count(a => a.StatusCode == HttpStatusCode.NoContent);
        acknowledged.ShouldBeInRange(1, answers.Length - 1);
        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(acknowledged);
    }

    private sealed class HeldInserts(string connectionString) : IAsyncDisposable
    {
        // A test may release the inserts before its end. The trigger stays, because its removal would lock all
        // partitions against the reads of background services.
        public ValueTask DisposeAsync() => new(TestDatabase.ExecuteAsync(connectionString, "DELETE FROM held_inserts"));
    }
}
