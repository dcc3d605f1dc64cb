using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>The changes of the run counters in one transaction.</summary>
/// <param name="shard">
/// The shard of the counters. The counters are sharded, so that concurrent transactions do not wait for the same row.
/// Any shard may be used.
/// </param>
internal sealed class RunCountDeltas(short shard)
{
    /// <summary>The number of shards. A count is the sum over them.</summary>
    public const int Shards = 16;

    private const string Upsert = """
        INSERT INTO run_counts AS counts (tenant_id, quarter, status, shard, count)
        SELECT * FROM unnest($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, quarter, status, shard) DO UPDATE SET count = counts.count + excluded.count
        """;

    // All transactions update counters in the same order. Otherwise, two transactions could each hold the row that the
    // other needs next.
    private readonly SortedDictionary<(Guid TenantId, DateOnly Quarter, short Status), long> _changes = [];

    /// <summary>Adds a number, which may be negative, to the counter of a run's status and quarter.</summary>
    public void Add(Run run, RunStatus status, int number)
    {
        var key = (run.TenantId.Value, run.Id.PartitionQuarter, status.Number);
        _changes[key] = _changes.GetValueOrDefault(key) + number;
    }

    /// <summary>Adds the statement that updates the counters to a batch.</summary>
    public void Add(NpgsqlBatch batch)
    {
        var changes = _changes.Where(c => c.Value != 0).ToList();
        if (changes.Count == 0)
        {
            return;
        }

        var upsert = new NpgsqlBatchCommand(Upsert);
        upsert.Values(changes, c => c.Key.TenantId);
        upsert.Values(changes, c => c.Key.Quarter);
        upsert.Values(changes, c => c.Key.Status);
        upsert.Values(changes, _ => shard);
        upsert.Values(changes, c => c.Value);
        batch.BatchCommands.Add(upsert);
    }
}
