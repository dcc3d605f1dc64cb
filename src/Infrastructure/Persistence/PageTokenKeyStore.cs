using IndustryData.Application.Common;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Reads the keys from the table <c>page_token_signing_keys</c> and caches them for one second. After the database was
/// replaced, a token of another instance may have a key that is not in the cache. An unknown key does not cause an
/// earlier read: it is found once the cache has expired.
/// </summary>
internal sealed class PageTokenKeyStore(ReadSessions sessions, TimeProvider clock) : IPageTokenKeyProvider
{
    private static readonly TimeSpan _lifetime = TimeSpan.FromSeconds(1);

    // The maximum wait of a request for newer keys. After it, the request uses the keys in the cache.
    private static readonly TimeSpan _maxWait = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private volatile KeySet? _keys;
    private Task<KeySet>? _reading;

    public async ValueTask<PageTokenSecret> GetAsync(CancellationToken cancellationToken)
    {
        if (_keys is not { } keys)
        {
            return (await ReadOnceAsync().WaitAsync(cancellationToken)).Newest;
        }

        return IsFresh(keys) ? keys.Newest : (await RefreshAsync(keys, cancellationToken)).Newest;
    }

    public async ValueTask<PageTokenSecret?> FindAsync(long keyId, CancellationToken cancellationToken)
    {
        var keys = _keys ?? await ReadOnceAsync().WaitAsync(cancellationToken);
        if (!IsFresh(keys))
        {
            keys = await RefreshAsync(keys, cancellationToken);
        }

        return keys.ById.GetValueOrDefault(keyId);
    }

    private bool IsFresh(KeySet keys) => clock.GetElapsedTime(keys.ReadAt) < _lifetime;

    /// <summary>Reads the keys again. Returns the known keys if the database does not answer at once.</summary>
    private async Task<KeySet> RefreshAsync(KeySet known, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadOnceAsync().WaitAsync(_maxWait, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or NpgsqlException)
        {
            // Subsequent requests do not wait again. They retry after a second.
            Interlocked.CompareExchange(ref _keys, known with { ReadAt = clock.GetTimestamp() }, known);
            return known;
        }
    }

    /// <summary>Reads the keys, with one query for all concurrent requests.</summary>
    private Task<KeySet> ReadOnceAsync()
    {
        lock (_lock)
        {
            if (_keys is { } keys && IsFresh(keys))
            {
                return Task.FromResult(keys);
            }

            if (_reading is null or { IsCompleted: true })
            {
                _reading = Task.Run(ReadAsync);

                // All waiting requests may have timed out. The exception is then observed here.
                _reading.ContinueWith(
                    static task => _ = task.Exception,
                    CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted,
                    TaskScheduler.Default
                );
            }

            return _reading;
        }
    }

    private async Task<KeySet> ReadAsync()
    {
        var secrets = new List<PageTokenSecret>();
        await using (var session = await sessions.OpenForAllTenantsAsync(CancellationToken.None))
        {
            await session.ExecuteAsync(
                new NpgsqlBatchCommand("SELECT key FROM page_token_signing_keys ORDER BY id DESC")
            );
            while (await session.ReadAsync())
            {
                secrets.Add(PageTokenSecret.Derive(session.Row.GetFieldValue<byte[]>(0)));
            }
        }

        return _keys = new KeySet(secrets[0], secrets.ToDictionary(s => s.KeyId), clock.GetTimestamp());
    }

    private sealed record KeySet(PageTokenSecret Newest, IReadOnlyDictionary<long, PageTokenSecret> ById, long ReadAt);
}
