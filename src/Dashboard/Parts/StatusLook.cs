namespace IndustryData.Dashboard.Parts;

/// <summary>How a status is shown.</summary>
/// <param name="Word">The word.</param>
/// <param name="Class">The class of the style sheet.</param>
/// <param name="Icon">The class of the icon in the style sheet.</param>
public sealed record StatusLook(string Word, string Class, string Icon)
{
    private static readonly Dictionary<string, StatusLook> _known = new()
    {
        ["running"] = new("Running", "running", "running"),
        ["inProgress"] = new("Running", "running", "running"),
        ["completed"] = new("Completed", "completed", "completed"),
        ["completedWithWarnings"] = new("Completed, warnings", "warnings", "warnings"),
        ["completedWithErrors"] = new("Completed, errors", "errors", "errors"),
        ["failed"] = new("Failed", "failed", "failed"),
        ["overdue"] = new("Overdue", "running", "overdue"),
        ["skipped"] = new("Skipped", "skipped", "skipped"),
    };

    /// <summary>The names of the statuses of runs, in the order in which charts stack them.</summary>
    public static IReadOnlyList<string> OfRuns { get; } =
    ["completed", "completedWithWarnings", "completedWithErrors", "failed", "running"];

    /// <summary>Returns how a status is shown. An unknown status is shown by its name.</summary>
    /// <param name="status">The name of the status of a run or an activity.</param>
    public static StatusLook Of(string status) =>
        _known.GetValueOrDefault(status) ?? new StatusLook($"Unknown ({status})", "unknown", "unknown");
}
