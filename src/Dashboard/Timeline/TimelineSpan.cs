using System.Globalization;
using IndustryData.Application.Runs;
using IndustryData.Dashboard.Parts;
using Microsoft.AspNetCore.Http;

namespace IndustryData.Dashboard.Timeline;

/// <summary>The span of the timeline, as the URL gives it.</summary>
/// <param name="From">The beginning.</param>
/// <param name="To">The end, exclusive.</param>
public sealed record TimelineSpan(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>The minimum length of a span.</summary>
    public static readonly TimeSpan Min = TimeSpan.FromMinutes(10);

    /// <summary>The maximum length of a span.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromDays(31);

    private static readonly DateTimeOffset _earliest = new(1971, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _latest = new(9998, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The length.</summary>
    public TimeSpan Length => To - From;

    /// <summary>Returns true if a time is within the span.</summary>
    public bool Contains(DateTimeOffset time) => time >= From && time < To;

    internal StartSpan Bounds => new(From, To);

    /// <summary>The span without a choice: 24 hours, of which the last one is in the future.</summary>
    /// <param name="now">The current time.</param>
    public static TimelineSpan Default(DateTimeOffset now)
    {
        var to = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerHour)).AddHours(1);
        return new TimelineSpan(to.AddDays(-1), to);
    }

    /// <summary>Reads the span of a URL.</summary>
    /// <param name="query">The query of the URL.</param>
    /// <param name="now">The current time.</param>
    /// <returns>The span, and what is wrong with the values of the URL; null if nothing.</returns>
    public static (TimelineSpan Span, string? Problem) Read(IQueryCollection query, DateTimeOffset now)
    {
        if (!query.ContainsKey("from") && !query.ContainsKey("to"))
        {
            return (Default(now), null);
        }

        if (!TryRead(query["from"], out var from) || !TryRead(query["to"], out var to))
        {
            return (Default(now), "from and to must be times such as 2026-11-24T14:00:00Z.");
        }

        var span = new TimelineSpan(from, to);
        return span.Length < Min || span.Length > Max || from < _earliest || to > _latest
            ? (Default(now), "to must be 10 minutes to 31 days after from.")
            : (span, null);
    }

    /// <summary>Returns the query of the URL, with its question mark.</summary>
    public string ToQueryString() =>
        $"?from={Uri.EscapeDataString(RunTime.Format(From))}&to={Uri.EscapeDataString(RunTime.Format(To))}";

    /// <summary>Returns the span half a length earlier or later.</summary>
    /// <param name="direction">-1 for earlier, 1 for later.</param>
    public TimelineSpan Move(int direction) => new(From + (Length / 2 * direction), To + (Length / 2 * direction));

    /// <summary>Returns a span of half or double the length with the same middle; null at the limits.</summary>
    /// <param name="factor">0.5 or 2.</param>
    public TimelineSpan? Zoom(double factor)
    {
        var length = Length * factor;
        var from = From + ((Length - length) / 2);
        var minute = from.AddTicks(-(from.Ticks % TimeSpan.TicksPerMinute));
        return length < Min || length > Max ? null : new TimelineSpan(minute, minute + length);
    }

    private static bool TryRead(string? text, out DateTimeOffset time)
    {
        var isRead = DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var read
        );
        time = read.ToUniversalTime();
        return isRead;
    }
}
