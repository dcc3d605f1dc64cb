namespace IndustryData.Dashboard.Charts;

/// <summary>A column of a line chart.</summary>
/// <param name="Name">The text of the column, such as a day.</param>
/// <param name="Label">The text of the axis.</param>
/// <param name="Url">The URL of the runs that the column shows.</param>
/// <param name="Values">A value for each series; null for none.</param>
public sealed record LinePoint(string Name, string Label, string Url, IReadOnlyList<double?> Values);
