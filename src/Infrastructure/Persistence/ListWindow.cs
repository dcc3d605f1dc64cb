using IndustryData.Application.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The part of a list that a statement reads from some of the partitions. It contains all runs of the list that start
/// before the bound, in the order of the list, because the skipped partitions have none of them.
/// </summary>
/// <param name="Version">The version of the ranges from which the window was chosen.</param>
/// <param name="Skipped">The ranges of ids that are not read: from the first id on, before the second.</param>
/// <param name="Bound">
/// The start, in ticks, from which on the skipped partitions may have runs; null if they have none of the list.
/// </param>
internal sealed record ListWindow(Guid Version, IReadOnlyList<(Guid First, Guid End)> Skipped, long? Bound)
{
    // Each number of ranges is a statement of its own. Two are enough for the partitions before and after a page.
    private const int MaxSkippedRanges = 2;

    /// <summary>Chooses the window of a list.</summary>
    /// <param name="ended">The partitions that can be skipped.</param>
    /// <param name="list">A list by start time, whose criteria depend only on the status and the start time.</param>
    /// <param name="after">The position after which the window starts; null for the beginning of the list.</param>
    /// <param name="kept">The number of partitions to read beside those that may have the first run.</param>
    /// <returns>The window; null if no partition can be skipped.</returns>
    public static ListWindow? Choose(EndedPartitions ended, RunListSpec list, KeysetCursor? after, int kept)
    {
        if (ended.Partitions.Count == 0)
        {
            return null;
        }

        // Positions grow in the reverse order of the list, so that both directions are alike: a list begins at the
        // highest position.
        var isDescending = list.Order[0].IsDescending;
        var (lowest, highest) = Span(list.Criteria.Filter, isDescending);
        if (after?.Keys[0] is DateTimeOffset start)
        {
            highest = Math.Min(highest, Position(start.UtcTicks, isDescending));
        }

        var partitions = ended.Partitions;
        var (ranks, states) = (new long[partitions.Count], new bool?[partitions.Count]);
        for (var i = 0; i < partitions.Count; i++)
        {
            var (a, b) = (Position(partitions[i].Earliest, isDescending), Position(partitions[i].Latest, isDescending));
            (var low, ranks[i]) = isDescending ? (a, b) : (b, a);

            // True: may have the first run, so that it is read. Null: has later runs. False: has no run of the list.
            states[i] =
                low > ranks[i] || low > highest || ranks[i] < lowest ? false
                : ranks[i] >= highest ? true
                : null;
        }

        for (var left = kept; left > 0 && Nearest(ranks, states) is { } nearest; left--)
        {
            states[nearest] = true;
        }

        return Skip(ended, ranks, states, isDescending);
    }

    /// <summary>True if a run is before the bound, so that a shorter window would have found it too.</summary>
    public bool Contains(RunListItem run, bool isDescending) =>
        Bound is not { } bound
        || (isDescending ? run.StartDateTime.UtcTicks > bound : run.StartDateTime.UtcTicks < bound);

    private static ListWindow? Skip(EndedPartitions ended, long[] ranks, bool?[] states, bool isDescending)
    {
        var ranges = new List<(int From, int To)>();
        for (var i = 0; i < states.Length; i++)
        {
            if (states[i] == true)
            {
                continue;
            }

            if (ranges.Count > 0 && ranges[^1].To == i && ended.Partitions[i - 1].EndId == ended.Partitions[i].FirstId)
            {
                ranges[^1] = (ranges[^1].From, i + 1);
            }
            else
            {
                ranges.Add((i, i + 1));
            }
        }

        if (ranges.Count == 0)
        {
            return null;
        }

        if (ranges.Count > MaxSkippedRanges)
        {
            ranges.Sort((a, b) => (b.To - b.From).CompareTo(a.To - a.From));
            ranges.RemoveRange(MaxSkippedRanges, ranges.Count - MaxSkippedRanges);
        }

        long? bound = null;
        foreach (var (from, to) in ranges)
        {
            for (var i = from; i < to; i++)
            {
                bound = states[i] is null ? Math.Max(bound ?? long.MinValue, ranks[i]) : bound;
            }
        }

        return new ListWindow(
            ended.Version,
            [.. ranges.Select(r => (ended.Partitions[r.From].FirstId, ended.Partitions[r.To - 1].EndId))],
            bound is { } position ? Position(position, isDescending) : null
        );
    }

    private static int? Nearest(long[] ranks, bool?[] states)
    {
        int? nearest = null;
        for (var i = 0; i < ranks.Length; i++)
        {
            nearest = states[i] is null && (nearest is null || ranks[i] > ranks[nearest.Value]) ? i : nearest;
        }

        return nearest;
    }

    private static long Position(long ticks, bool isDescending) => isDescending ? ticks : -ticks;

    /// <summary>The lowest and highest position that a filter admits.</summary>
    private static (long Lowest, long Highest) Span(IRunFilter? filter, bool isDescending)
    {
        var (lowest, highest) = (long.MinValue, long.MaxValue);
        switch (filter)
        {
            case LogicalFilter { IsConjunction: true } logic:
                foreach (var operand in logic.Operands)
                {
                    var (low, high) = Span(operand, isDescending);
                    (lowest, highest) = (Math.Max(lowest, low), Math.Min(highest, high));
                }

                break;
            case ComparisonFilter
            {
                Left.Field: RunField.StartDateTime,
                Right.Value: DateTimeOffset instant,
                Operator: var comparer,
            }:
                var position = Position(instant.UtcTicks, isDescending);
                if (comparer == ComparisonOperator.Equal)
                {
                    return (position, position);
                }

                var isFrom = comparer is ComparisonOperator.Greater or ComparisonOperator.GreaterOrEqual;
                return isFrom == isDescending ? (position, highest) : (lowest, position);
            default:
                break;
        }

        return (lowest, highest);
    }
}
