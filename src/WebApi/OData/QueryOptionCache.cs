using System.Collections.Concurrent;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.OData;

/// <summary>
/// Remembers for each tenant what its last option texts meant: dashboards repeat theirs, and the library takes longer
/// to parse a filter than PostgreSQL to answer it. Tenants share nothing, so that the time of a request tells none what
/// another asks for, and no tenant can evict another's entries.
/// </summary>
internal sealed class QueryOptionCache
{
    /// <summary>Longer texts are parsed each time.</summary>
    public const int MaxTextLength = 1024;

    /// <summary>Entries of a tenant that are certain to be remembered; at most twice as many are kept.</summary>
    public const int MaxEntries = 64;

    // At most twice as many tenants are kept.
    private const int MaxTenants = 256;

    private readonly GenerationCache<Guid, GenerationCache<Key, object>> _tenants = new(MaxTenants);

    /// <summary>Parses an option's text, unless the tenant sent this very text lately.</summary>
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

    /// <summary>Whether the text is remembered for the tenant.</summary>
    internal bool Remembers(TenantId tenantId, string option, string text) =>
        _tenants.TryGet(tenantId.Value, out var entries) && entries.TryGet(new Key(option, text), out _);

    private readonly record struct Key(string Option, string Text);

    /// <summary>
    /// A cache that forgets what was not used while as many other entries as its capacity were added. Thread-safe; a
    /// hit takes no lock.
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
