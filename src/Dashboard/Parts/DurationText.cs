using System.Globalization;
using IndustryData.Application.Runs;

namespace IndustryData.Dashboard.Parts;

/// <summary>Formats durations for people.</summary>
public static class DurationText
{
    /// <summary>Returns the two largest units of a duration, such as <c>1 h 05 min</c> or <c>42 s</c>.</summary>
    /// <param name="duration">The duration; a negative duration is shown as zero.</param>
    public static string Format(TimeSpan duration)
    {
        var time = duration < TimeSpan.Zero ? TimeSpan.Zero : duration;
        return time switch
        {
            { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Days} d {time.Hours:00} h"),
            { TotalHours: >= 1 } => string.Create(
                CultureInfo.InvariantCulture,
                $"{time.Hours} h {time.Minutes:00} min"
            ),
            { TotalMinutes: >= 1 } => string.Create(
                CultureInfo.InvariantCulture,
                $"{time.Minutes} min {time.Seconds:00} s"
            ),
            { TotalSeconds: >= 10 } => string.Create(CultureInfo.InvariantCulture, $"{time.Seconds} s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        };
    }

    /// <summary>
    /// Returns how long a run took, or how long a running one has taken so far; a dash if its end is not known.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="now">The current time.</param>
    public static string Of(RunListItem run, DateTimeOffset now) =>
        run.Status == "running" ? Format(now - run.StartDateTime)
        : run.EndDateTime is { } end ? Format(end - run.StartDateTime)
        : "–";
}
