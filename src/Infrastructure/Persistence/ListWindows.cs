using System.Collections.Concurrent;
using IndustryData.Application.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Chooses the windows in which lists are read. The first window is small. A list that is not complete after it is read
/// on in larger windows, and at last from all partitions. How far the pages of a tenant reached is kept, so that a
/// tenant with few runs needs one statement too. Thread-safe.
/// </summary>
internal sealed class ListWindows(EndedPartitionStore partitions)
{
    // A page of a tenant with 100 runs a day is in the newest partition and the one before. One of a tenant with 15
    // runs a day is in nine days.
    private static readonly int[] _kept = [1, 8, int.MaxValue];

    // Bounds the memory to about 5 MB. Without an entry, a page takes one or two statements more.
    private const int MaxEntries = 50_000;

    private readonly ConcurrentDictionary<(Guid TenantId, bool IsFiltered), int> _levels = new();

    /// <summary>The number of levels. At this level, all partitions are read.</summary>
    public static int Unlimited => _kept.Length;

    /// <summary>The level with which a list begins.</summary>
    public int FirstLevel(RunListSpec list) =>
        RunQueryPlan.CanUseWindows(list) ? _levels.GetValueOrDefault(Key(list)) : Unlimited;

    /// <summary>The window of a level; null if all partitions are read.</summary>
    public ListWindow? Choose(RunListSpec list, KeysetCursor? after, int level) =>
        level < Unlimited ? ListWindow.Choose(partitions.Current, list, after, _kept[level]) : null;

    /// <summary>Returns the level after a window that had too few runs.</summary>
    /// <param name="window">The window.</param>
    /// <param name="level">Its level.</param>
    /// <param name="found">The number of its runs.</param>
    /// <returns>The level; null if the window had all remaining runs of the list.</returns>
    public int? NextLevel(ListWindow? window, int level, int found)
    {
        if (window is null)
        {
            return null;
        }

        // A window of another version has no rows either.
        if (found == 0)
        {
            partitions.Suspect();
            return level + 1 < Unlimited && window.Bound is not null ? level + 1 : Unlimited;
        }

        return window.Bound is null ? null : level + 1;
    }

    /// <summary>Keeps the level with which the next page of a tenant begins.</summary>
    /// <param name="list">The list.</param>
    /// <param name="after">The position after which the page starts.</param>
    /// <param name="level">The level of the last window.</param>
    /// <param name="last">The last run of the page; null if the page is not full.</param>
    public void Keep(RunListSpec list, KeysetCursor? after, int level, RunListItem? last)
    {
        if (!RunQueryPlan.CanUseWindows(list))
        {
            return;
        }

        var (key, isDescending) = (Key(list), list.Order[0].IsDescending);
        if (last is not null)
        {
            for (var lower = 0; lower < level; lower++)
            {
                if (Choose(list, after, lower)?.Contains(last, isDescending) ?? true)
                {
                    level = lower;
                }
            }
        }

        level = Math.Min(level, Unlimited - 1);
        if (_levels.GetValueOrDefault(key) == level)
        {
            return;
        }

        if (level == 0)
        {
            _levels.TryRemove(key, out _);
            return;
        }

        if (_levels.Count >= MaxEntries)
        {
            _levels.Clear();
        }

        _levels[key] = level;
    }

    private static (Guid TenantId, bool IsFiltered) Key(RunListSpec list) =>
        (list.TenantId.Value, list.Criteria.Filter is not null);
}
