using System.Collections.Concurrent;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.OData;

/// <summary>
/// Caches the parsed query options of each tenant. Dashboards repeat their queries, and the library takes longer to
/// parse a filter than PostgreSQL takes to execute it. Tenants do not share entries. Therefore the duration of a
/// request reveals nothing about the queries of other tenants, and a tenant cannot evict the entries of another.
/// </summary>
internal sealed class QueryOptionCache
{
    /// <summary>The maximum length of a cached text. Longer texts are parsed each time.</summary>
    public const int MaxTextLength = 1024;

    /// <summary>
    /// The number of most recently used entries of a tenant that are always cached. At most twice as many are kept.
    /// </summary>
    public const int MaxEntries = 64;

    // At most twice as many tenants are kept.
    private const int MaxTenants = 256;

    private readonly GenerationCache<Guid, GenerationCache<Key, object>> _tenants = new(MaxTenants);

    /// <summary>Returns the cached result for the text of an option, or parses and caches the text.</summary>
    public T Parse<T>(TenantId tenantId, string option, string text, Func<string, T> parse)
        where T : class
    {
        if (text.Length > MaxTextLength)
        {
            return parse(text);
        }

        if (!_tenants.TryGet(tenantId.Value, out var entries))
        {
            entries = _tenants.Add(tenantId.Value, new GenerationCache<Key, object>(MaxEntries));
        }

        var key = new Key(option, text);
        return entries.TryGet(key, out var known) ? (T)known : (T)entries.Add(key, parse(text));
    }

    /// <summary>Checks the cache for the text of a tenant.</summary>
    /// <returns>Returns true if the text is cached for the tenant.</returns>
    internal bool Remembers(TenantId tenantId, string option, string text) =>
        _tenants.TryGet(tenantId.Value, out var entries) && entries.TryGet(new Key(option, text), out _);

    private readonly record struct Key(string Option, string Text);

    /// <summary>
    /// A cache that evicts an entry if it is not used while as many other entries as the capacity are added. The cache
    /// is thread-safe. A hit among the recent entries takes no lock.
    /// </summary>
    private sealed class GenerationCache<TKey, TValue>(int capacity)
        where TKey : struct
        where TValue : class
    {
        private readonly Lock _lock = new();
        private volatile ConcurrentDictionary<TKey, TValue> _recent = new();
        private volatile ConcurrentDictionary<TKey, TValue> _older = new();

        public bool TryGet(TKey key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TValue? value)
        {
            if (_recent.TryGetValue(key, out value))
            {
                return true;
            }

            if (!_older.TryGetValue(key, out value))
            {
                return false;
            }

            value = Add(key, value);
            return true;
        }

        public TValue Add(TKey key, TValue value)
        {
            lock (_lock)
            {
                if (_recent.Count >= capacity)
                {
                    (_older, _recent) = (_recent, new ConcurrentDictionary<TKey, TValue>());
                }

                return _recent.GetOrAdd(key, value);
            }
        }
    }
}
