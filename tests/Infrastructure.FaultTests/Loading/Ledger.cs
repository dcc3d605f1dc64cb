using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>
/// What the callers of one tenant were answered, to be compared with what is stored. Each run that is sent has its
/// own name.
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

    /// <summary>Runs that the service acknowledged.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>The answers that were no success, and the successes that took more than a second.</summary>
    public IReadOnlyCollection<ResponseDescription> Answers => _answers;

    /// <summary>Keyed writes that were repeated to the end of the test without a success.</summary>
    public int Unfinished => _unfinished;

    /// <summary>
    /// When the latest request was sent that the service acknowledged as a write, as a timestamp of
    /// <see cref="Stopwatch"/>.
    /// </summary>
    public long LastSuccess => Volatile.Read(ref _lastSuccess);

    /// <summary>A name for a run that is not sent yet.</summary>
    public string NewName() => $"run {Interlocked.Increment(ref _names)}";

    /// <summary>Notes the answer to a run that was sent.</summary>
    public void Note(string name, ResponseDescription answer)
    {
        Note(answer);
        if (!answer.IsSuccess)
        {
            // Of a repeated write each answer must say so, or an earlier attempt may be stored.
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

    /// <summary>Notes the answer to any other request.</summary>
    public void Note(ResponseDescription answer)
    {
        if (!answer.IsSuccess || answer.Elapsed > _remarkable)
        {
            _answers.Enqueue(answer);
        }
    }

    /// <summary>Notes a keyed write whose outcome remained unknown.</summary>
    public void NoteUnfinished() => Interlocked.Increment(ref _unfinished);

    /// <summary>Waits until this number of further runs is acknowledged.</summary>
    public Task WaitForMoreAsync(int runs)
    {
        var target = Acknowledged + runs;
        return Poll.UntilAsync(() => Acknowledged >= target, TimeSpan.FromSeconds(60), "the service takes no writes");
    }

    /// <summary>Waits for the success of a write that was sent after a moment.</summary>
    /// <param name="timestamp">The moment, as a timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <returns>How long after the moment the request was sent.</returns>
    public async Task<TimeSpan> WaitForSuccessAfterAsync(long timestamp, TimeSpan timeout)
    {
        await Poll.UntilAsync(() => LastSuccess > timestamp, timeout, "no write succeeds");
        return Stopwatch.GetElapsedTime(timestamp);
    }

    /// <summary>Compares what was acknowledged with what the database holds.</summary>
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
/// <param name="Acknowledged">Runs with a 2xx.</param>
/// <param name="Found">Of these, stored under the id that was answered.</param>
/// <param name="Lost">Of these, not stored.</param>
/// <param name="WronglyAcknowledged">Of these, stored under another id, or answered with two ids.</param>
/// <param name="StoredTwice">Runs that were sent as one and are stored as several, acknowledged or not.</param>
/// <param name="WronglyDenied">Runs that are stored although the service said that nothing was.</param>
internal sealed record Findings(
    int Acknowledged,
    int Found,
    int Lost,
    int WronglyAcknowledged,
    int StoredTwice,
    int WronglyDenied
);
