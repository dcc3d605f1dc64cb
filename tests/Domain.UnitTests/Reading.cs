namespace IndustryData.Domain.UnitTests;

internal static class Reading
{
    /// <summary>Formats validation errors as <c>code path</c>.</summary>
    public static string[] Shown(this IEnumerable<Error> faults) => [.. faults.Select(f => $"{f.Code} {f.Target}")];
}
