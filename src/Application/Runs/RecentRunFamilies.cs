using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>
/// The families among the newest runs of each tenant. They are computed from a bounded number of runs, and kept in
/// memory for a minute. Thread-safe.
/// </summary>
internal sealed class RecentRunFamilies(IRunReader runs, TimeProvider clock)
{
    /// <summary>The number of runs of a tenant, the newest ones, whose families are known.</summary>
    public const int MaxRuns = 10_000;

    /// <summary>The maximum number of families of all tenants that are kept in memory.</summary>
    public const int MaxKept = 10_000;

    /// <summary>The maximum number of families of one tenant: those with the newest runs.</summary>
    public const int MaxOfTenant = 1_000;

    private static readonly TimeSpan _maxAge = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<TenantId, Entry> _kept = [];

    /// <summary>Returns the families of a tenant, by their names.</summary>
    public async ValueTask<IReadOnlyDictionary<string, RunFamilyStatistics>> GetAsync(
        TenantId tenantId,
        CancellationToken cancellationToken
    )
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            if (_kept.TryGetValue(tenantId, out var kept) && now - kept.ReadAt < _maxAge)
            {
                return kept.Families;
            }
        }

        var newest = await runs.ListNewestAsync(tenantId, MaxRuns, cancellationToken);
        var families = newest
            .GroupBy(r => r.Family, StringComparer.Ordinal)
            .Take(MaxOfTenant)
            .ToDictionary(f => f.Key, f => RunFamilyStatistics.Of(f.Key, [.. f]), StringComparer.Ordinal);
        lock (_lock)
        {
            Keep(tenantId, new Entry(now, families));
        }

        return families;
    }

    private void Keep(TenantId tenantId, Entry entry)
    {
        _kept[tenantId] = entry;
        var count = _kept.Values.Sum(e => e.Families.Count + 1);
        foreach (var (oldest, removed) in _kept.OrderBy(e => e.Value.ReadAt).ToList())
        {
            if (count <= MaxKept && entry.ReadAt - removed.ReadAt < _maxAge)
            {
                break;
            }

            _kept.Remove(oldest);
            count -= removed.Families.Count + 1;
        }
    }

    private sealed record Entry(DateTimeOffset ReadAt, IReadOnlyDictionary<string, RunFamilyStatistics> Families);
}
