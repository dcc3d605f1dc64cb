using System.Globalization;
using IndustryData.Application.Runs;
using IndustryData.Dashboard.SingleRun;

namespace IndustryData.Dashboard.Parts;

/// <summary>A bar that compares a duration with the median of the family. The median is in the middle.</summary>
/// <param name="Path">The data of the path: the bar, and the mark of the median.</param>
/// <param name="Median">The median, in seconds.</param>
/// <param name="IsLong">True if the duration is above the 95th percentile of the family.</param>
/// <param name="Text">The comparison in words.</param>
public sealed record DurationBar(string Path, double Median, bool IsLong, string Text)
{
    /// <summary>The width, in pixels. A longer bar is cut off.</summary>
    public const int Width = 64;

    /// <summary>The height, in pixels.</summary>
    public const int Height = 7;

    /// <summary>
    /// Returns the bar of a run; null if its duration is not known, or if the family has too few ended runs to say what
    /// is usual.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="usual">The usual values of the family; null if they are not known.</param>
    /// <param name="now">The current time.</param>
    public static DurationBar? Of(RunListItem run, RunFamilyStatistics? usual, DateTimeOffset now)
    {
        var duration = (run.Status == "running" ? now : run.EndDateTime) - run.StartDateTime;
        if (
            duration is not { } time
            || usual is not { EndedRuns: >= FamilySection.MinRuns, MedianDuration: { } median }
            || median <= TimeSpan.Zero
        )
        {
            return null;
        }

        var ratio = Math.Max(time / median, 0);
        return new DurationBar(
            PathOf(ratio),
            median.TotalSeconds,
            time > usual.P95Duration,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{ratio:0.0} × the median of the family, {DurationText.Format(median)}"
            )
        );
    }

    // The rule "evenodd" makes the mark visible on the bar. The function `pathOf` in runs.js does the same.
    private static string PathOf(double ratio) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"M0 2h{Math.Min(ratio * Width / 2, Width):0.#}v4H0zM{Width / 2} 0h2v7h-2z"
        );
}
