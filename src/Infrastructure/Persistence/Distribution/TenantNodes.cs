using System.Collections.Concurrent;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Distribution;

/// <summary>
/// Knows on which node of a distributed database the rows of a tenant are. Writes of the same node share commits. With
/// an outdated answer, a commit needs two nodes: it is slower, and waits for locks of the second one without a lock
/// timeout. Thread-safe.
/// </summary>
/// <param name="database">The pool for heartbeats and for reads that concern all tenants.</param>
/// <param name="clock">The clock.</param>
internal sealed class TenantNodes([FromKeyedServices(DataSources.Health)] NpgsqlDataSource database, TimeProvider clock)
{
    private const string Sql = """
        SELECT groupid FROM pg_dist_placement
        WHERE shardid = get_shard_id_for_distribution_column('tenant_clocks', $1)
        """;

    private const int MaxTenants = 100_000;

    // Shards move rarely.
    private static readonly TimeSpan _lifetime = TimeSpan.FromMinutes(1);

    // A write without an answer is committed in another lane.
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, Entry> _entries = new();
    private int _count;

    /// <summary>Returns a number of the node; 0 if the database does not answer.</summary>
    public ValueTask<int> FindAsync(TenantId tenantId)
    {
        if (!_entries.TryGetValue(tenantId.Value, out var entry))
        {
            if (Interlocked.Increment(ref _count) > MaxTenants)
            {
                _entries.Clear();
                Volatile.Write(ref _count, 0);
            }

            entry = _entries.GetOrAdd(tenantId.Value, _ => new Entry());
        }

        if (clock.GetElapsedTime(entry.Read) > _lifetime || entry.Read == 0)
        {
            entry.Renew(() => ReadAsync(tenantId, entry));
        }

        return entry.Read == 0 ? FirstAsync(entry) : new ValueTask<int>(entry.Node);
    }

    private async ValueTask<int> FirstAsync(Entry entry)
    {
        await entry.Reading.WaitAsync(_timeout, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return entry.Node;
    }

    private async Task ReadAsync(TenantId tenantId, Entry entry)
    {
        try
        {
            await using var command = database.CreateCommand(Sql);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
            entry.Node = await command.ExecuteScalarAsync() as int? ?? 0;
            entry.Read = clock.GetTimestamp();
        }
        catch (NpgsqlException)
        {
            // The commit finds out the reason.
        }
    }

    private sealed class Entry
    {
        private readonly Lock _lock = new();

        public volatile int Node;
        public long Read;

        public Task Reading { get; private set; } = Task.CompletedTask;

        /// <summary>Reads the node, unless it is being read.</summary>
        public void Renew(Func<Task> readAsync)
        {
            lock (_lock)
            {
                if (Reading.IsCompleted)
                {
                    Reading = readAsync();
                }
            }
        }
    }
}
