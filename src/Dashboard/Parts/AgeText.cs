using System.Globalization;

namespace IndustryData.Dashboard.Parts;

/// <summary>Says how long ago a time was.</summary>
internal static class AgeText
{
    private static readonly (TimeSpan Size, string Name)[] _units =
    [
        (TimeSpan.FromDays(365), "year"),
        (TimeSpan.FromDays(1), "day"),
        (TimeSpan.FromHours(1), "hour"),
        (TimeSpan.FromMinutes(1), "minute"),
    ];

    /// <summary>
    /// Returns the largest unit of the time between, such as <c>3 hours ago</c> or <c>in 1 day</c>. A year has 365
    /// days. The script ui.js has the same words.
    /// </summary>
    /// <param name="time">The time.</param>
    /// <param name="now">The current time.</param>
    public static string Of(DateTimeOffset time, DateTimeOffset now)
    {
        var between = (now - time).Duration();
        var (size, name) = Array.Find(_units, u => between >= u.Size);
        var count = name is null ? 0 : (long)(between / size);
        var words = name is null
            ? "under a minute"
            : string.Create(CultureInfo.InvariantCulture, $"{count} {name}{(count == 1 ? "" : "s")}");
        return time > now ? $"in {words}" : $"{words} ago";
    }
}
