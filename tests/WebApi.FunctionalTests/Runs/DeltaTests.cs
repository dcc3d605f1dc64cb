using System.Net;
using System.Text.Json;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.OData;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Runs;

[Collection(typeof(SerialTests))]
public sealed class DeltaTests(TestDatabase database) : FunctionalTest(database)
{
    private const string NoEpochs =
        "A distributed database records no epochs, and its numbers are not those of transactions.";

    private static readonly string _terminal = """{"status":"completed","endDateTime":"2026-12-01T00:00:00Z"}""";

    private Uri Delta => new(Service.Root, "beta/process/runs/delta");

    [Fact]
    public async Task The_first_walk_gives_every_run_and_ends_with_a_delta_link()
    {
        for (var i = 0; i < 7; i++)
        {
            await AddAsync(Bodies.RunAt(i));
        }

        var first = await Client.GetJsonAsync(new Uri(Delta, "delta?$top=3"));
        var replica = new Dictionary<string, string>();
        var after = await FollowAsync(new Uri(Delta, "delta?$top=3"), replica);

        first.Text("@odata.context").ShouldBe($"{Service.Root}beta/$metadata#process/runs/$delta");
        first.GetProperty("value").GetArrayLength().ShouldBe(3);
        first.TryGetProperty("@odata.deltaLink", out _).ShouldBeFalse();
        first.GetProperty("value")[0].TryGetProperty("statistics", out _).ShouldBeFalse();
        replica.Count.ShouldBe(7);
        after.Query.ShouldContain("$deltatoken=");
        after.Query.ShouldContain("$top=3");
    }

    [Fact]
    public async Task A_delta_link_gives_what_was_added_changed_and_deleted_since()
    {
        var (kept, changed, withActivity, deleted) = (
            await AddAsync(Bodies.RunAt(1)),
            await AddAsync(Bodies.RunAt(2)),
            await AddAsync(Bodies.RunAt(3)),
            await AddAsync(Bodies.RunAt(4))
        );
        var link = await FollowAsync(Delta, []);

        (
            await Client.PatchAsync(changed, Bodies.Json("""{"displayName":"Renamed"}"""), Cancellation)
        ).StatusCode.ShouldBe(HttpStatusCode.OK);
        (
            await Client.PostAsync(
                $"{withActivity}/activities",
                Bodies.Json(
                    """
                    {"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"a",
                     "status":"inProgress"}
                    """
                ),
                Cancellation
            )
        ).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await Client.DeleteAsync(deleted, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var added = await AddAsync(Bodies.RunAt(5));
        var items = await ItemsAsync(link);

        items.Keys.Order().ShouldBe(new[] { Id(changed), Id(withActivity), Id(deleted), Id(added) }.Order());
        items.ShouldNotContainKey(Id(kept));
        items[Id(changed)].Text("displayName").ShouldBe("Renamed");
        items[Id(deleted)].GetRawText().ShouldBe($$$"""{"id":"{{{Id(deleted)}}}","@removed":{"reason":"deleted"}}""");
    }

    [Fact]
    public async Task Without_any_change_the_page_is_empty_and_has_a_delta_link_again()
    {
        await AddAsync(Bodies.Run);
        var link = await FollowAsync(Delta, []);

        // A transaction elsewhere on the server can be older than the walk. In that case the first link returns the
        // same run once more, and the second link returns nothing.
        var page = await Client.GetJsonAsync(await FollowAsync(link, []));

        page.GetProperty("value").GetArrayLength().ShouldBe(0);
        page.Text("@odata.deltaLink").ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task Latest_begins_now()
    {
        await AddAsync(Bodies.RunAt(1));

        var now = await Client.GetJsonAsync(new Uri(Delta, "delta?$deltatoken=latest"));
        var later = await AddAsync(Bodies.RunAt(2));

        now.GetProperty("value").GetArrayLength().ShouldBe(0);
        (await ItemsAsync(new Uri(now.Text("@odata.deltaLink")))).Keys.ShouldBe([Id(later)]);
    }

    [Fact]
    public async Task A_run_that_the_filter_does_not_select_any_more_is_removed_as_changed()
    {
        var (finished, running) = (await AddAsync(Bodies.RunAt(1)), await AddAsync(Bodies.RunAt(2)));
        await AddAsync(Bodies.Run);
        var replica = new Dictionary<string, string>();
        var link = await FollowAsync(new Uri(Delta, "delta?$filter=status eq 'running'&$select=status"), replica);

        (await Client.PatchAsync(finished, Bodies.Json(_terminal), Cancellation)).StatusCode.ShouldBe(
            HttpStatusCode.OK
        );
        var items = await ItemsAsync(link);

        replica.Keys.Order().ShouldBe(new[] { Id(finished), Id(running) }.Order());
        items[Id(finished)].GetProperty("@removed").Text("reason").ShouldBe("changed");
    }

    [Fact]
    public async Task Selected_statistics_are_given()
    {
        await AddAsync(
            """
            {"displayName":"n","startDateTime":"2026-01-01T00:00:00Z","status":"running",
             "statistics":{"rows":12.50}}
            """
        );

        var page = await Client.GetJsonAsync(new Uri(Delta, "delta?$select=statistics"));

        page.GetProperty("value")[0].GetProperty("statistics").GetRawText().ShouldBe("""{"rows":12.50}""");
        page.Text("@odata.context").ShouldEndWith("#process/runs(statistics)/$delta");
    }

    /// <summary>
    /// The slow transaction has a lower number than the changes that were already read. Only the oldest open
    /// transaction shows that a change is still to come.
    /// </summary>
    [Fact]
    public async Task A_slow_transaction_that_commits_after_a_faster_later_one_is_not_missed()
    {
        Assert.SkipWhen(Database.IsDistributed, "The clock of a tenant lets no transaction overtake another.");
        var link = await FollowAsync(Delta, []);
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var slow = await connection.BeginTransactionAsync(Cancellation);
        await using var insert = new NpgsqlCommand(
            """
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                last_modified_date_time, version, statistics)
            VALUES ($1, $2, 'slow', now(), 0, now(), now(), 1, '{}')
            """,
            connection
        );
        var id = Guid.CreateVersion7();
        insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Tokens.Tenant });
        insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await insert.ExecuteNonQueryAsync(Cancellation);

        var fast = await AddAsync(Bodies.RunAt(1));
        var before = new Dictionary<string, string>();
        link = await FollowAsync(link, before);
        await slow.CommitAsync(Cancellation);
        var after = await ItemsAsync(link);

        before.Keys.ShouldBe([Id(fast)]);
        after.Keys.ShouldContain(id.ToString());
    }

    [Fact]
    public async Task Another_tenant_sees_nothing_and_cannot_use_the_token()
    {
        var run = await AddAsync(Bodies.Run);
        var link = await FollowAsync(Delta, []);
        (await Client.DeleteAsync(run, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var other = Service.Authorized(Tokens.Make(tid: Tokens.OtherTenant.ToString()));

        var replica = new Dictionary<string, string>();
        await FollowAsync(Delta, replica, other);
        using var stolen = await other.GetAsync(link, Cancellation);

        replica.ShouldBeEmpty();
        stolen.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await stolen.JsonAsync()).Cause().ShouldBe("invalidDeltaToken");
    }

    [Theory]
    [InlineData("delta?$deltatoken=")]
    [InlineData("delta?$deltatoken=AAAA")]
    [InlineData("delta?$skiptoken=Latest")]
    [InlineData("delta?$deltatoken={0}A")]
    [InlineData("delta?$deltatoken={0}&$skiptoken={0}")]
    [InlineData("delta?$deltatoken={0}&$select=status")]
    [InlineData("delta?$skiptoken={1}")]
    [InlineData("delta?$top=0")]
    [InlineData("delta?$orderby=status")]
    [InlineData("delta?$count=true")]
    [InlineData("delta?$skip=1")]
    public async Task What_no_link_says_is_400(string url)
    {
        await AddAsync(Bodies.RunAt(1));
        await AddAsync(Bodies.RunAt(2));
        var token = (await FollowAsync(Delta, [])).Query.Split('=')[1];
        var page = new Uri(
            (await Client.GetJsonAsync(new Uri(Service.Root, "process/runs?$top=1"))).Text("@odata.nextLink")
        );

        using var response = await Client.GetAsync(
            new Uri(
                Delta,
                string.Format(
                    System.Globalization.CultureInfo.InvariantCulture,
                    url,
                    token,
                    page.Query.Split("skiptoken=")[1]
                )
            ),
            Cancellation
        );

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task After_a_restore_the_token_is_gone_and_reading_anew_gives_everything()
    {
        Assert.SkipWhen(Database.IsDistributed, NoEpochs);
        var run = await AddAsync(Bodies.Run);
        var link = await FollowAsync(new Uri(Delta, "delta?$select=status"), []);
        await Service.DisposeAsync();
        var restored = await Database.CopyAsync();

        await using var service = await RunningService.StartAsync(restored);

        // The examination of a restored database may take longer than the start.
        await Poll.UntilAsync(
            async () =>
            {
                using var ready = await service.Client.GetAsync(new Uri(service.Root, "health/ready"), Cancellation);
                return ready.IsSuccessStatusCode;
            },
            "The end of the examination"
        );
        using var gone = await service.Client.GetAsync(new Uri(service.Root, link.PathAndQuery), Cancellation);
        var replica = new Dictionary<string, string>();
        var again = await FollowAsync(gone.Headers.Location!, replica, service.Client);
        using var added = await service.Client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.Run), Cancellation);

        gone.StatusCode.ShouldBe(HttpStatusCode.Gone);
        (await gone.JsonAsync()).Cause().ShouldBe("resyncRequired");
        gone.Headers.Location!.PathAndQuery.ShouldBe("/beta/process/runs/delta?$select=status");
        replica.Keys.ShouldBe([Id(run)]);
        (await ItemsAsync(again, service.Client)).Keys.ShouldBe([Id(added.Headers.Location!)]);
    }

    /// <summary>The numbers in a delta token count the transactions of all tenants.</summary>
    [Fact]
    public async Task Token_shows_no_number_of_the_database()
    {
        Assert.SkipWhen(Database.IsDistributed, NoEpochs);
        var token = (await FollowAsync(Delta, [])).Query.Split("deltatoken=")[1];
        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(token);
        var epoch = await Database.ReadAsync<Guid>("SELECT id FROM database_epochs ORDER BY number DESC LIMIT 1");

        bytes.AsSpan().IndexOf(epoch.ToByteArray()).ShouldBe(-1);
        var next = await Database.ReadAsync<long>("SELECT change_number(pg_snapshot_xmax(pg_current_snapshot()))");
        for (var number = Math.Max(0, next - 1000); number <= next; number++)
        {
            bytes.AsSpan().IndexOf(BitConverter.GetBytes(number)).ShouldBe(-1);
        }
    }

    /// <summary>
    /// The token has the format of the release before sealed tokens. It is signed, but its content is readable.
    /// </summary>
    [Fact]
    public async Task Delta_token_of_another_version_returns_410_and_a_page_token_400()
    {
        await AddAsync(Bodies.Run);
        var old = System.Buffers.Text.Base64Url.EncodeToString([
            (byte)'g',
            .. new byte[16],
            (byte)'t',
            .. new byte[8],
            (byte)'l',
            .. new byte[8],
            .. new byte[16],
        ]);

        using var gone = await Client.GetAsync(new Uri(Delta, $"delta?$select=status&$deltatoken={old}"), Cancellation);
        using var invalid = await Client.GetAsync(
            new Uri(Service.Root, $"process/runs?$skiptoken={old}"),
            Cancellation
        );

        gone.StatusCode.ShouldBe(HttpStatusCode.Gone);
        (await gone.JsonAsync()).Cause().ShouldBe("resyncRequired");
        gone.Headers.Location!.PathAndQuery.ShouldBe("/beta/process/runs/delta?$select=status");
        invalid.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await invalid.JsonAsync()).Cause().ShouldBe("invalidSkipToken");
    }

    [Fact]
    public async Task Token_whose_content_does_not_fit_returns_400_for_a_list_and_410_for_delta()
    {
        await AddAsync(Bodies.Run);
        var (tokens, tenant) = (Service.Services.GetRequiredService<PageTokenProtector>(), new TenantId(Tokens.Tenant));
        foreach (
            var place in (object?[][])
                [
                    [],
                    [Guid.NewGuid()],
                    [DateTimeOffset.UtcNow, "text"],
                    ["text", Guid.NewGuid()],
                    [null, Guid.NewGuid()],
                    [DateTimeOffset.UtcNow, Guid.NewGuid(), 1L],
                ]
        )
        {
            var page = await tokens.WriteAsync(tenant, PageTokenProtector.List, "", place, Cancellation);
            var delta = await tokens.WriteAsync(tenant, PageTokenProtector.Delta, "", place, Cancellation);
            using var list = await Client.GetAsync(
                new Uri(Service.Root, $"process/runs?$skiptoken={page}"),
                Cancellation
            );
            using var changes = await Client.GetAsync(new Uri(Delta, $"delta?$deltatoken={delta}"), Cancellation);

            list.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
            changes.StatusCode.ShouldBe(HttpStatusCode.Gone);
        }
    }

    /// <summary>
    /// Simulates that another database, with another key, takes the place of the one behind the connection string.
    /// </summary>
    [Fact]
    public async Task Instances_on_a_replaced_database_accept_each_others_links_and_no_older_ones()
    {
        var own = await Database.CreateMigratedDatabaseAsync();
        await using var one = await RunningService.StartAsync(own);
        await AddAsync(Bodies.RunAt(1), one.Client);
        await AddAsync(Bodies.RunAt(2), one.Client);
        var (page, delta) = (
            await NextAsync(one),
            await FollowAsync(new Uri(one.Root, "beta/process/runs/delta"), [], one.Client)
        );

        await TestDatabase.ExecuteAsync(own, "UPDATE page_token_signing_keys SET key = sha256('another key')");
        await using var two = await RunningService.StartAsync(own);
        await Poll.UntilAsync(
            async () => await StatusAsync(two, await NextAsync(one)) == HttpStatusCode.OK,
            "The new key in the other instance"
        );
        (await StatusAsync(one, await NextAsync(two))).ShouldBe(HttpStatusCode.OK);
        foreach (var service in (RunningService[])[one, two])
        {
            (await StatusAsync(service, page)).ShouldBe(HttpStatusCode.BadRequest);
            (await StatusAsync(service, delta)).ShouldBe(HttpStatusCode.Gone);
        }

        async Task<Uri> NextAsync(RunningService service) =>
            new(
                (await service.Client.GetJsonAsync(new Uri(service.Root, "process/runs?$top=1"))).Text(
                    "@odata.nextLink"
                )
            );

        async Task<HttpStatusCode> StatusAsync(RunningService service, Uri link)
        {
            using var response = await service.Client.GetAsync(new Uri(service.Root, link.PathAndQuery), Cancellation);
            return response.StatusCode;
        }
    }

    /// <summary>
    /// Simulates that the data directory of the database is restored to an earlier state. The same server starts
    /// again, with earlier transaction numbers.
    /// </summary>
    [Fact]
    public async Task A_token_of_changes_that_were_taken_back_is_gone_and_one_of_before_them_is_not()
    {
        Assert.SkipWhen(Database.IsDistributed, NoEpochs);
        await AddAsync(Bodies.Run);
        var before = await FollowAsync(Delta, []);
        await Database.ReadAsync<string>("SELECT pg_current_xact_id()::text");
        var copied = await Database.ReadAsync<long>("SELECT change_number(pg_snapshot_xmax(pg_current_snapshot()))");
        await AddAsync(Bodies.Run);
        var after = await FollowAsync(Delta, []);

        await TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            "INSERT INTO database_epochs (id, cluster, timeline, server_started, first_change_number, change_offset) "
                + $"SELECT gen_random_uuid(), cluster, timeline, '-infinity', {copied}, change_offset "
                + "FROM database_epochs ORDER BY number DESC LIMIT 1"
        );

        using var valid = await Client.GetAsync(before, Cancellation);
        using var gone = await Client.GetAsync(after, Cancellation);
        valid.StatusCode.ShouldBe(HttpStatusCode.OK);
        gone.StatusCode.ShouldBe(HttpStatusCode.Gone);
    }

    /// <summary>The server was started a moment ago, and no probe of the service has recorded this yet.</summary>
    [Fact]
    public async Task Delta_records_an_epoch_that_is_not_recorded_yet()
    {
        Assert.SkipWhen(Database.IsDistributed, NoEpochs);
        var run = await AddAsync(Bodies.Run);
        await TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            "UPDATE database_epochs SET server_started = server_started - interval '1 hour'"
        );

        (await ItemsAsync(Delta)).Keys.ShouldBe([Id(run)]);

        (
            await Database.ReadAsync<bool>(
                "SELECT server_started = pg_postmaster_start_time() FROM database_epochs ORDER BY number DESC LIMIT 1"
            )
        ).ShouldBeTrue();
    }

    /// <summary>
    /// Simulates that a dump is loaded into a new server. Its transaction numbers are lower than the numbers that the
    /// runs were stored with.
    /// </summary>
    [Fact]
    public async Task Numbers_that_begin_anew_are_moved_on_above_those_that_are_stored()
    {
        Assert.SkipWhen(Database.IsDistributed, NoEpochs);
        await AddAsync(Bodies.Run);
        await TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            "UPDATE runs SET change_number = change_number + 1000000000; "
                + "UPDATE database_epochs SET cluster = 'the one that was dumped'"
        );

        var replica = new Dictionary<string, string>();
        var link = await FollowAsync(Delta, replica);
        var added = await AddAsync(Bodies.Run);

        replica.Count.ShouldBe(1);
        (await ItemsAsync(link)).Keys.ShouldBe([Id(added)]);
    }

    /// <summary>
    /// Reads 150 runs of 60 KB each, with deletions among and after them. The pages have about 4 MB each, and together
    /// they miss nothing.
    /// </summary>
    [Fact]
    public async Task A_page_ends_when_it_is_large_and_the_next_goes_on()
    {
        var large = $$$"""
            {"displayName":"large","startDateTime":"2026-01-01T00:00:00Z","status":"running",
             "statistics":{"text":"{{{new string('x', 60_000)}}}"} }
            """;
        var gone = await AddAsync(Bodies.RunAt(1));
        var goneToo = await AddAsync(Bodies.RunAt(2));
        Uri? next = await FollowAsync(new Uri(Delta, "delta?$select=statistics&$top=1000"), []);
        for (var i = 0; i < 150; i++)
        {
            await AddAsync(large);
            if (i == 75)
            {
                (await Client.DeleteAsync(gone, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
            }
        }

        (await Client.DeleteAsync(goneToo, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var (pages, seen) = (0, new List<(string Id, bool IsRemoved)>());
        for (; next is not null; pages++)
        {
            using var response = await Client.GetAsync(next, Cancellation);
            response.Content.Headers.ContentLength!.Value.ShouldBeLessThan(5_000_000);
            var page = await response.JsonAsync();
            seen.AddRange(
                page.GetProperty("value")
                    .EnumerateArray()
                    .Select(i => (i.Text("id"), i.TryGetProperty("@removed", out _)))
            );
            next = page.TryGetProperty("@odata.nextLink", out var link) ? new Uri(link.GetString()!) : null;
        }

        pages.ShouldBe(3);
        seen.Count(s => !s.IsRemoved).ShouldBe(150);
        seen.Distinct().Count().ShouldBe(152);
        seen.Index().Where(s => s.Item.IsRemoved).Select(s => s.Index).ShouldBe([76, 151]);
    }

    /// <summary>
    /// In each of 20 rounds, 16 writers add, change and delete runs while a reader follows the links. At the end of the
    /// round, the reader has exactly what the table has.
    /// </summary>
    [Fact]
    public async Task A_replica_that_follows_equals_the_table()
    {
        const int writers = 16;
        var replica = new Dictionary<string, string>();
        var link = Delta;
        for (var round = 0; round < 20; round++)
        {
            var writing = Task.WhenAll(
                Enumerable
                    .Range(0, writers)
                    .Select(n => Task.Run(() => WriteAsync(new Random((round * writers) + n)), Cancellation))
            );
            while (!writing.IsCompleted)
            {
                link = await FollowAsync(link, replica);
            }

            await writing;
            link = await FollowAsync(link, replica);
            replica.Count.ShouldBe((int)await Database.ReadAsync<long>("SELECT count(*) FROM runs"), $"round {round}");
            var table = await Database.ReadAsync<string[]>(
                """SELECT array_agg(id || ' W/"' || version || '"' ORDER BY id) FROM runs"""
            );
            replica
                .OrderBy(r => r.Key, StringComparer.Ordinal)
                .Select(r => $"{r.Key} {r.Value}")
                .ShouldBe(table, $"round {round}");
        }
    }

    private async Task WriteAsync(Random random)
    {
        var mine = new List<Uri>();
        for (var i = 0; i < 20; i++)
        {
            switch (mine.Count == 0 ? 0 : random.Next(4))
            {
                case 0 or 1:
                    mine.Add(await AddAsync(Bodies.RunAt(random.Next(1000))));
                    break;
                case 2:
                    using (
                        var patched = await Client.PatchAsync(
                            mine[random.Next(mine.Count)],
                            Bodies.Json($$"""{"displayName":"{{random.Next()}}"}"""),
                            Cancellation
                        )
                    )
                    {
                        patched.StatusCode.ShouldBe(HttpStatusCode.OK);
                    }

                    break;
                default:
                    var gone = mine[random.Next(mine.Count)];
                    mine.Remove(gone);
                    using (var deleted = await Client.DeleteAsync(gone, Cancellation))
                    {
                        deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
                    }

                    break;
            }
        }
    }

    /// <summary>Follows the links to the end and keeps a replica of the ids and ETags.</summary>
    private async Task<Uri> FollowAsync(Uri link, Dictionary<string, string> replica, HttpClient? client = null)
    {
        while (true)
        {
            var page = await (client ?? Client).GetJsonAsync(link);
            foreach (var item in page.GetProperty("value").EnumerateArray())
            {
                if (item.TryGetProperty("@removed", out _))
                {
                    replica.Remove(item.Text("id"));
                }
                else
                {
                    replica[item.Text("id")] = item.Text("@odata.etag");
                }
            }

            if (page.TryGetProperty("@odata.deltaLink", out var end))
            {
                return new Uri(end.GetString()!);
            }

            link = new Uri(page.Text("@odata.nextLink"));
        }
    }

    private async Task<Dictionary<string, JsonElement>> ItemsAsync(Uri link, HttpClient? client = null) =>
        (await (client ?? Client).GetJsonAsync(link))
            .GetProperty("value")
            .EnumerateArray()
            .ToDictionary(i => i.Text("id"), i => i);

    private static string Id(Uri run) => run.Segments[^1];
}
