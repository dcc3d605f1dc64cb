using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Distribution;

/// <summary>
/// Tests a ledger on a Citus cluster whose second worker is behind a proxy. They need INDUSTRYDATA_TEST_POSTGRES to
/// name the coordinator of a cluster.
/// </summary>
[Collection<SerialTests>]
public sealed class CitusTests(TestServer server) : IAsyncLifetime
{
    private const int Tenants = 8;
    private const int Writers = 16;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Guid> _acknowledged = new();
    private readonly ConcurrentDictionary<HttpStatusCode, int> _answers = new();
    private readonly TenantReader[] _readers = new TenantReader[Tenants];
    private volatile TaskCompletionSource _open = Opened();
    private TcpProxy? _proxy;
    private string _connectionString = "";
    private int _moves;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (!server.IsDistributed)
        {
            return;
        }

        var behind = server.Workers[^1];
        _proxy = TcpProxy.Start(new IPEndPoint(IPAddress.Parse(behind.Host), behind.Port), PassAsync);
        _connectionString = await server.CreateMigratedDatabaseAsync([
            .. server.Workers.SkipLast(1),
            ("127.0.0.1", _proxy.Port),
        ]);
    }

    public async ValueTask DisposeAsync()
    {
        _open.TrySetResult();
        if (_connectionString.Length > 0)
        {
            await server.DropDatabaseAsync(_connectionString);
        }

        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }
    }

    /// <summary>
    /// A paused worker and a moved shard are where a delta over the transactions of a coordinator would miss changes.
    /// </summary>
    [Fact]
    public async Task Delta_is_complete_while_a_worker_is_paused_and_shards_are_moved()
    {
        Assert.SkipUnless(server.IsDistributed, "INDUSTRYDATA_TEST_POSTGRES does not name a Citus cluster.");
        await using var service = await RunningService.StartAsync(_connectionString, ("Commit:Timeout", "00:00:05"));
        using var writes = new CancellationTokenSource();
        using var reads = new CancellationTokenSource();
        for (var i = 0; i < Tenants; i++)
        {
            _readers[i] = new TenantReader(service.Authorized(Tokens.Make(tid: Tenant(i).ToString())));
        }

        var reading = Task.WhenAll(_readers.Select(r => r.FollowAsync(reads.Token)));
        var writing = Task.WhenAll(
            Enumerable.Range(0, Writers).Select(i => WriteAsync(service, Tenant(i % Tenants), writes.Token))
        );
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
        _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await Task.Delay(_pause / 2, Cancellation);
        var acknowledged = _acknowledged.Count;
        await Task.Delay(_pause / 2, Cancellation);
        var acknowledgedMeanwhile = _acknowledged.Count - acknowledged;
        _open.SetResult();
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
        await MoveShardsAsync();
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
        await writes.CancelAsync();
        await writing;
        await reads.CancelAsync();
        await reading;

        foreach (var (reader, tenant) in _readers.Zip(Enumerable.Range(0, Tenants).Select(Tenant)))
        {
            await reader.CatchUpAsync();
            var stored = await StoredAsync(tenant);
            reader.Seen.ShouldBe(stored, ignoreOrder: true);
            _acknowledged.Where(a => a.Value == tenant).Select(a => a.Key).Except(stored).ShouldBeEmpty();
            reader.Dispose();
        }

        TestContext.Current.SendDiagnosticMessage(
            $"{_acknowledged.Count} acknowledged; answers {string.Join(", ", _answers)}; moved {_moves} shards; "
                + $"readers began again {_readers.Sum(r => r.Restarts)} times; "
                + $"{acknowledgedMeanwhile} acknowledged in the second half of the pause"
        );
        acknowledgedMeanwhile.ShouldBeGreaterThan(100, "The writes of the other worker go on.");
        _acknowledged.Count.ShouldBeGreaterThan(1000);
        _answers.Keys.ShouldBeSubsetOf([HttpStatusCode.NoContent, HttpStatusCode.ServiceUnavailable]);
        _readers.Sum(r => r.Restarts).ShouldBeGreaterThan(0);
    }

    private static Guid Tenant(int number) => new($"{number:x8}-1111-4111-8111-111111111111");

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private async Task PassAsync(
        System.Net.Sockets.Socket source,
        System.Net.Sockets.Socket destination,
        bool isAnswer,
        CancellationToken stop
    )
    {
        var buffer = new byte[64 * 1024];
        while (await source.ReceiveAsync(buffer, stop) is > 0 and var read)
        {
            await _open.Task.WaitAsync(stop);
            for (var sent = 0; sent < read; )
            {
                sent += await destination.SendAsync(buffer.AsMemory(sent, read - sent), stop);
            }
        }
    }

    private async Task WriteAsync(RunningService service, Guid tenant, CancellationToken stop)
    {
        using var client = service.Authorized(Tokens.Make(tid: tenant.ToString()));
        while (!stop.IsCancellationRequested)
        {
            using var answer = await client.PostAsync(
                "beta/process/runs/$ref",
                Bodies.Json(Bodies.Run),
                CancellationToken.None
            );
            _answers.AddOrUpdate(answer.StatusCode, 1, (_, count) => count + 1);
            if (answer.StatusCode == HttpStatusCode.NoContent)
            {
                _acknowledged[answer.Headers.Location!.Segments[^1]] = tenant;
            }
        }
    }

    private async Task MoveShardsAsync()
    {
        await using var connection = new NpgsqlConnection(
            $"{server.AsSuperuser(_connectionString)};Command Timeout=300"
        );
        await connection.OpenAsync(Cancellation);
        var moves = new List<string>();
        await using (
            var shards = new NpgsqlCommand(
                """
                SELECT format('SELECT citus_move_shard_placement(%s, %L, %s, %L, %s)',
                    shardid, shards.nodename, shards.nodeport, target.nodename, target.nodeport)
                FROM citus_shards AS shards
                    JOIN pg_dist_node AS target ON target.groupid <> 0
                        AND (target.nodename, target.nodeport) <> (shards.nodename, shards.nodeport)
                WHERE table_name = 'tenant_clocks'::regclass ORDER BY shardid
                """,
                connection
            )
        )
        await using (var rows = await shards.ExecuteReaderAsync(Cancellation))
        {
            while (await rows.ReadAsync(Cancellation))
            {
                moves.Add(rows.GetString(0));
            }
        }

        foreach (var move in moves)
        {
            await using var command = new NpgsqlCommand(move, connection);
            await command.ExecuteNonQueryAsync(Cancellation);
            _moves++;
        }
    }

    private async Task<List<string>> StoredAsync(Guid tenant) =>
        [
            .. await TestDatabase.ReadAsync<string[]>(
                _connectionString,
                $"SELECT coalesce(array_agg(id::text), ARRAY[]::text[]) FROM runs WHERE tenant_id = '{tenant}'"
            ),
        ];

    /// <summary>Follows the delta of a tenant, and begins again when its link is gone.</summary>
    private sealed class TenantReader(HttpClient client) : IDisposable
    {
        private const string First = "beta/process/runs/delta?$select=id";

        private readonly HashSet<string> _seen = [];
        private string _link = First;

        public IReadOnlyCollection<string> Seen => _seen;

        public int Restarts { get; private set; }

        public async Task FollowAsync(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                await StepAsync();
            }
        }

        /// <summary>Reads until a page has no changes.</summary>
        public async Task CatchUpAsync()
        {
            while (await StepAsync() is not 0) { }
        }

        public void Dispose() => client.Dispose();

        /// <summary>Reads a page.</summary>
        /// <returns>The number of changes; null if there was no page or another one follows.</returns>
        private async Task<int?> StepAsync()
        {
            using var answer = await client.GetAsync(_link, Cancellation);
            if (answer.StatusCode == HttpStatusCode.Gone)
            {
                (_link, Restarts) = (First, Restarts + 1);
                _seen.Clear();
                return null;
            }

            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                await Task.Delay(50, Cancellation);
                return null;
            }

            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            using var page = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation));
            var changes = page.RootElement.GetProperty("value");
            foreach (var change in changes.EnumerateArray())
            {
                _seen.Add(change.GetProperty("id").GetString()!);
            }

            if (page.RootElement.TryGetProperty("@odata.nextLink", out var next))
            {
                _link = next.GetString()!;
                return null;
            }

            _link = page.RootElement.GetProperty("@odata.deltaLink").GetString()!;
            return changes.GetArrayLength();
        }
    }
}
