using IndustryData.Application.Runs;

namespace IndustryData.Dashboard.Timeline;

/// <summary>One bar of the timeline: a run, or several that are too narrow or too many to be drawn apart.</summary>
/// <param name="Left">The left edge in pixels.</param>
/// <param name="Right">The right edge in pixels.</param>
/// <param name="Runs">The runs in the order of their start times.</param>
public sealed record Block(double Left, double Right, IReadOnlyList<FamilyRun> Runs)
{
    /// <summary>The minimum width of what can be clicked, in pixels.</summary>
    public const double MinWidth = 24;

    private static readonly string[] _bySeverity =
    [
        "failed",
        "completedWithErrors",
        "completedWithWarnings",
        "running",
        "completed",
    ];

    /// <summary>The right edge of what can be clicked, in pixels.</summary>
    public double End => Math.Max(Right, Left + MinWidth);

    /// <summary>True if the runs need no more than the minimum width.</summary>
    public bool IsNarrow => Right <= Left + MinWidth;

    /// <summary>The worst status of the runs.</summary>
    public string Status => Array.Find(_bySeverity, status => Runs.Any(r => r.Status == status)) ?? Runs[0].Status;
}

/// <summary>Packs the runs of a family into lanes, in which no bar covers another one.</summary>
internal static class Lanes
{
    /// <summary>The maximum number of lanes of a family. Further runs are merged into blocks.</summary>
    public const int Max = 6;

    /// <summary>Packs runs.</summary>
    /// <param name="runs">The runs in the order of their start times.</param>
    /// <param name="position">Returns the left and the right edge of a run in pixels.</param>
    /// <param name="max">The maximum number of lanes.</param>
    public static IReadOnlyList<IReadOnlyList<Block>> Pack(
        IEnumerable<FamilyRun> runs,
        Func<FamilyRun, (double Left, double Right)> position,
        int max = Max
    )
    {
        var lanes = new List<List<Block>>();
        foreach (var run in runs)
        {
            var (left, right) = position(run);
            var merged = lanes.Find(lane => lane[^1].IsNarrow && right <= lane[^1].Left + Block.MinWidth);
            var free = lanes.Find(lane => lane[^1].End <= left);
            if (merged is not null)
            {
                Merge(merged, run, right);
            }
            else if (free is not null)
            {
                free.Add(new Block(left, right, [run]));
            }
            else if (lanes.Count < max)
            {
                lanes.Add([new Block(left, right, [run])]);
            }
            else
            {
                Merge(lanes.MinBy(lane => lane[^1].End)!, run, right);
            }
        }

        return lanes;
    }

    private static void Merge(List<Block> lane, FamilyRun run, double right)
    {
        var block = lane[^1];
        lane[^1] = block with { Right = Math.Max(block.Right, right), Runs = [.. block.Runs, run] };
    }
}
