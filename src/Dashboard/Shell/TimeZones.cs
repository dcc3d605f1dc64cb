namespace IndustryData.Dashboard.Shell;

/// <summary>The time zones in which the pages can show times.</summary>
internal static class TimeZones
{
    /// <summary>The zones to suggest: those of the system by their IANA names.</summary>
    public static IReadOnlyList<string> Suggested { get; } =
    [
        .. TimeZoneInfo
            .GetSystemTimeZones(skipSorting: true)
            .Select(z => z.Id)
            .Where(id => id.Contains('/', StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Returns true if a name is <c>local</c>, <c>utc</c> or the IANA name of a zone.</summary>
    public static bool IsKnown(string name) =>
        name is PageContext.LocalZone or PageContext.Utc || TimeZoneInfo.TryFindSystemTimeZoneById(name, out _);

    /// <summary>Returns the zone of a name. The server does not know the zone <c>local</c> and takes UTC.</summary>
    public static TimeZoneInfo Of(string name) =>
        name is not (PageContext.LocalZone or PageContext.Utc)
        && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
            ? zone
            : TimeZoneInfo.Utc;
}
