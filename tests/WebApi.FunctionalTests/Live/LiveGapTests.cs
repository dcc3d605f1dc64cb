using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Live;

/// <summary>
/// Follows a stream while twenty writers write, the connection is cut at random moments and the service is killed.
/// </summary>
public sealed class LiveGapTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private const int Writers = 20;
    private const int Cuts = 100;
    private const int Kills = 5;
    private const string Removed = "removed";

    private static readonly TimeSpan _retry = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, string> _seen = new();
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(
        TestContext.Current.CancellationToken
    );
    private ServiceProcess? _service;
    private int _cuts;
    private int _deletions;
    private int _manies;

    [Fact]
    public async Task Reader_that_is_cut_a_hundred_times_sees_the_last_state_of_every_run()
    {
        _service = await StartAsync();
        var start = await _service.Client.GetJsonAsync(new Uri(_service.Root, "process/runs/delta"));
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        var reading = ReadAsync(TokenOf(start), new Random(1), enough.Token);
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(i => WriteAsync(i, enough.Token)));
        for (var kill = 0; kill < Kills; kill++)
        {
            var (cuts, deletions) = (Volatile.Read(ref _cuts), Volatile.Read(ref _deletions));
            await Poll.UntilAsync(
                () =>
                {
                    // On a busy machine, a new service answers its first requests late.
                    reading.IsFaulted.ShouldBeFalse($"{reading.Exception}");
                    return Volatile.Read(ref _cuts) >= cuts + (Cuts / Kills)
                        && Volatile.Read(ref _deletions) > deletions;
                },
                "A few cuts and a deletion"
            );
            await InsertManyAsync();
            await _service.KillAsync();
            var killed = _service;
            _service = await StartAsync();
            await killed.DisposeAsync();
        }

        await enough.CancelAsync();
        await writing;
        var stored = new Dictionary<string, string>();
        await Poll.UntilAsync(
            async () =>
            {
                reading.IsFaulted.ShouldBeFalse($"{reading.Exception}");
                stored = await StoredAsync();
                return IsSame(stored);
            },
            TimeSpan.FromSeconds(20),
            "The reader did not see the last state of every run"
        );
        await _end.CancelAsync();
        await reading;
        await _service.DisposeAsync();

        stored.Count.ShouldBeGreaterThan(100);
        _cuts.ShouldBeGreaterThanOrEqualTo(Cuts);
        _manies.ShouldBeGreaterThan(0);
        _seen.Values.ShouldContain(Removed);
    }

    public void Dispose() => _end.Dispose();

    private Task<ServiceProcess> StartAsync() =>
        ServiceProcess.StartAsync(("ConnectionStrings__IndustryData", database.ConnectionString));

    private bool IsSame(Dictionary<string, string> stored)
    {
        var seen = _seen.Where(s => s.Value != Removed).ToDictionary();
        return seen.Count == stored.Count && seen.All(s => stored.GetValueOrDefault(s.Key) == s.Value);
    }

    private async Task ReadAsync(string token, Random random, CancellationToken enough)
    {
        while (!_end.IsCancellationRequested)
        {
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            if (!enough.IsCancellationRequested)
            {
                cut.CancelAfter(random.Next(20, 200));
            }

            try
            {
                using var stream = await LiveStream.OpenAsync(_service!.Client, "", token, cut.Token);
                while (await stream.ReadAsync(cut.Token) is { } read)
                {
                    read.Name.ShouldNotBe("gone");
                    if (read.Name == "many")
                    {
                        Interlocked.Increment(ref _manies);
                        await ReadPagesAsync(token, cut.Token);
                    }

                    Apply(read.Entries);
                    token = read.Id ?? token;
                }
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref _cuts);
            }
            catch (Exception exception)
                when (exception is HttpRequestException or IOException or SocketException or ObjectDisposedException)
            {
                // The service was killed, or its client was disposed before the request was sent. Only a refusal of
                // the token would be an error.
                (exception as HttpRequestException)?.StatusCode.ShouldNotBe(HttpStatusCode.Gone);
                (exception as HttpRequestException)?.StatusCode.ShouldNotBe(HttpStatusCode.BadRequest);
                await Task.Delay(_retry, TestContext.Current.CancellationToken);
            }
        }
    }

    // Reads the changes of an event that only has their number.
    private async Task ReadPagesAsync(string token, CancellationToken cancellationToken)
    {
        var next = $"process/runs/delta?$deltatoken={token}";
        while (next is not null)
        {
            using var response = await _service!.Client.GetAsync(next, cancellationToken);
            response.EnsureSuccessStatusCode();
            var page = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken)).RootElement;
            Apply(page.GetProperty("value").EnumerateArray());
            next = page.TryGetProperty("@odata.nextLink", out var link) ? link.GetString() : null;
        }
    }

    private void Apply(IEnumerable<JsonElement> entries)
    {
        foreach (var entry in entries)
        {
            _seen[entry.Text("id")] = entry.TryGetProperty("@removed", out _)
                ? Removed
                : $"{entry.Text("@odata.etag")} {entry.Text("displayName")}";
        }
    }

    private async Task WriteAsync(int writer, CancellationToken cancellationToken)
    {
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            try
            {
                var client = _service!.Client;
                using var added = await client.PostAsync(
                    "process/runs/$ref",
                    Bodies.Json(Bodies.RunAt(writer, $"{writer} {i}")),
                    CancellationToken.None
                );
                if (added.Headers.Location?.AbsolutePath is { } run)
                {
                    var renamed = Bodies.Json($$"""{"displayName":"{{writer}} {{i}} again"}""");
                    using var changed = await client.PatchAsync(run, renamed, CancellationToken.None);
                    using var deleted = i % 3 == 0 ? await client.DeleteAsync(run, CancellationToken.None) : null;
                    if (deleted?.IsSuccessStatusCode == true)
                    {
                        Interlocked.Increment(ref _deletions);
                    }
                }

                await Task.Delay(_retry, CancellationToken.None);
            }
            catch (Exception exception)
                when (exception
                        is HttpRequestException
                            or IOException
                            or SocketException
                            or ObjectDisposedException
                            or OperationCanceledException
                )
            {
                // The service was killed, and its client is disposed, which cancels requests. The outcome is unknown.
                // HttpClient throws a SocketException if the connection ends right after it was accepted.
                await Task.Delay(_retry, CancellationToken.None);
            }
        }
    }

    private Task InsertManyAsync() =>
        TestDatabase.ExecuteAsync(
            database.ConnectionString,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, status, created_date_time,
                last_modified_date_time, version, statistics, change_number)
            SELECT '{{Tokens.Tenant}}', gen_random_uuid(), 'n', now(), 1, now(), now(), 1, '{}', change.number
            FROM generate_series(1, 250), {{database.NextChange(Tokens.Tenant)}}
            """
        );

    private async Task<Dictionary<string, string>> StoredAsync()
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("SELECT id, version, display_name FROM runs", connection);
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var stored = new Dictionary<string, string>();
        while (await rows.ReadAsync(TestContext.Current.CancellationToken))
        {
            stored[rows.GetGuid(0).ToString()] = $"W/\"{rows.GetInt64(1)}\" {rows.GetString(2)}";
        }

        return stored;
    }

    private static string TokenOf(JsonElement page) => page.Text("@odata.deltaLink").Split("$deltatoken=")[1];
}
