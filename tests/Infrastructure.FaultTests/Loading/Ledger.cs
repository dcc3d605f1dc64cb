using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>
/// Records the responses to the callers of one tenant, and compares them with the stored runs. Each run that is sent
/// has its own name.
/// </summary>
internal sealed class Ledger(Guid tenant)
{
    private static readonly TimeSpan _remarkable = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, string> _acknowledged = new();
    private readonly ConcurrentDictionary<string, bool> _denied = new();
    private readonly ConcurrentQueue<ResponseDescription> _answers = new();
    private int _names;
    private int _changedIds;
    private int _unfinished;
    private long _lastSuccess;

    /// <summary>The number of runs that the service acknowledged.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>The responses that were not successful, and the successful ones that took more than a second.</summary>
    public IReadOnlyCollection<ResponseDescription> Answers => _answers;

    /// <summary>The number of keyed writes that were repeated until the end of the test without success.</summary>
    public int Unfinished => _unfinished;

    /// <summary>
    /// The time at which the latest acknowledged write was sent, as a timestamp of <see cref="Stopwatch"/>.
    /// </summary>
    public long LastSuccess => Volatile.Read(ref _lastSuccess);

    /// <summary>Returns a name for a new run.</summary>
    public string NewName() => $"run {Interlocked.Increment(ref _names)}";

    /// <summary>Records the response to a run that was sent.</summary>
    public void Note(string name, ResponseDescription answer)
    {
        Note(answer);
        if (!answer.IsSuccess)
        {
            // If a write is repeated, each response must deny the storage. Otherwise an earlier attempt may be stored.
            _denied.AddOrUpdate(name, answer.DeniesStorage, (_, denied) => denied && answer.DeniesStorage);
            return;
        }

        if (_acknowledged.GetOrAdd(name, answer.Id) != answer.Id)
        {
            Interlocked.Increment(ref _changedIds);
        }

        for (var last = LastSuccess; last < answer.SentAt; )
        {
            var seen = Interlocked.CompareExchange(ref _lastSuccess, answer.SentAt, last);
            last = seen == last ? answer.SentAt : seen;
        }
    }

    /// <summary>Records the response to any other request.</summary>
    public void Note(ResponseDescription answer)
    {
        if (!answer.IsSuccess || answer.Elapsed > _remarkable)
        {
            _answers.Enqueue(answer);
        }
    }

    /// <summary>Records a keyed write whose outcome remained unknown.</summary>
    public void NoteUnfinished() => Interlocked.Increment(ref _unfinished);

    /// <summary>Waits until this number of further runs is acknowledged.</summary>
    public Task WaitForMoreAsync(int runs)
    {
        var target = Acknowledged + runs;
        return Poll.UntilAsync(
            () => Acknowledged >= target,
            TimeSpan.FromSeconds(60),
            "the service did not accept writes"
        );
    }

    /// <summary>Waits for the success of a write that was sent after a given time.</summary>
    /// <param name="timestamp">The time, as a timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="timeout">The timeout of the wait.</param>
    /// <returns>The time from <paramref name="timestamp"/> until the success was noticed.</returns>
    public async Task<TimeSpan> WaitForSuccessAfterAsync(long timestamp, TimeSpan timeout)
    {
        await Poll.UntilAsync(() => LastSuccess > timestamp, timeout, "no write succeeded");
        return Stopwatch.GetElapsedTime(timestamp);
    }

    /// <summary>Compares the acknowledged runs with the runs in the database.</summary>
    public async Task<Findings> CompareAsync(string connectionString)
    {
        var stored = new Dictionary<string, List<string>>();
        await using var connection = new NpgsqlConnection($"{connectionString};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            "SELECT display_name, id::text FROM runs WHERE tenant_id = $1",
            connection
        )
        {
            Parameters = { new() { Value = tenant } },
        };
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await rows.ReadAsync(TestContext.Current.CancellationToken))
        {
            if (!stored.TryGetValue(rows.GetString(0), out var ids))
            {
                stored[rows.GetString(0)] = ids = [];
            }

            ids.Add(rows.GetString(1));
        }

        var found = _acknowledged.Count(a => stored.TryGetValue(a.Key, out var ids) && ids.Contains(a.Value));
        var lost = _acknowledged.Count(a => !stored.ContainsKey(a.Key));
        var denied = _denied.Where(d => d.Value && !_acknowledged.ContainsKey(d.Key)).Select(d => d.Key);
        return new Findings(
            _acknowledged.Count,
            found,
            lost,
            WronglyAcknowledged: _changedIds + _acknowledged.Count - found - lost,
            StoredTwice: stored.Count(s => s.Value.Count > 1),
            WronglyDenied: denied.Count(stored.ContainsKey)
        );
    }
}

/// <summary>The comparison of a ledger with the database.</summary>
/// <param name="Acknowledged">The number of runs with a 2xx response.</param>
/// <param name="Found">The acknowledged runs that are stored with the id in the response.</param>
/// <param name="Lost">The acknowledged runs that are not stored.</param>
/// <param name="WronglyAcknowledged">
/// The acknowledged runs that are stored with another id, or whose responses had different ids.
/// </param>
/// <param name="StoredTwice">The runs that are stored more than once, acknowledged or not.</param>
/// <param name="WronglyDenied">The runs that are stored although the service reported that nothing was stored.</param>
internal sealed record Findings(
    int Acknowledged,
    int Found,
    int Lost,
    int WronglyAcknowledged,
    int StoredTwice,
    int WronglyDenied
);
