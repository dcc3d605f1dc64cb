namespace IndustryData.Dashboard.Runs;

/// <summary>A column of the page of runs.</summary>
/// <param name="Key">The key in the cookie of hidden columns.</param>
/// <param name="Title">The heading.</param>
/// <param name="Property">The property by which the column is sorted; null if it is not.</param>
/// <param name="IsNumber">True to align the values to the right.</param>
/// <param name="CanHide">False if every list has the column.</param>
public sealed record RunColumn(string Key, string Title, string? Property, bool IsNumber, bool CanHide = true)
{
    /// <summary>The key of the column of durations.</summary>
    public const string Duration = "duration";

    /// <summary>All columns in their order.</summary>
    public static IReadOnlyList<RunColumn> All { get; } =
    [
        new("status", "Status", "status", IsNumber: false, CanHide: false),
        new("name", "Name", "displayName", IsNumber: false, CanHide: false),
        new("start", "Start", "startDateTime", IsNumber: false),
        new(Duration, "Duration", null, IsNumber: true),
        new("end", "End", "endDateTime", IsNumber: false),
        new("people", "People", null, IsNumber: true),
        new("errors", "Errors", null, IsNumber: true),
        new("warnings", "Warnings", null, IsNumber: true),
        new("code", "Error code", null, IsNumber: false),
    ];

    /// <summary>Returns the columns that are not hidden.</summary>
    public static IReadOnlyList<RunColumn> Shown(IReadOnlyList<string> hidden) =>
        [.. All.Where(c => !c.CanHide || !hidden.Contains(c.Key))];
}
