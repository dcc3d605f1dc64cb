namespace IndustryData.WebApi.OData;

/// <summary>An address of the one set of runs.</summary>
/// <param name="Path">Below the service root, without slashes at its ends.</param>
internal sealed record RunCollectionPath(string Path)
{
    /// <summary>The page's address and published Graph's.</summary>
    public static readonly IReadOnlyList<RunCollectionPath> All = [new("process/runs"), new("external/industryData/runs")];

    private const string Qualifier = "microsoft.graph.industryData.";

    private static readonly string[] _operations = ["start", "delta", "getStatistics"];

    /// <summary>The route patterns of a single run: its key as a segment, and in parentheses.</summary>
    public IReadOnlyList<string> ItemPatterns => [$"/{Path}/{{id}}", $"/{Path}('{{id}}')"];

    /// <summary>Whether a segment below the runs is the name of an operation, or one of OData's own, and so never an id.</summary>
    public static bool IsReservedSegment(string segment)
    {
        var name = segment.StartsWith(Qualifier, StringComparison.OrdinalIgnoreCase) ? segment[Qualifier.Length..] : segment;
        return segment.StartsWith('$') || _operations.Contains(name.Split('(')[0], StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The spellings of a bound operation: with and without its namespace, and of a function with and without parentheses.</summary>
    public static IReadOnlyList<string> OperationPatterns(string name, bool isFunction)
    {
        string[] names = [name, Qualifier + name];
        return isFunction ? [.. names, .. names.Select(n => $"{n}()")] : names;
    }
}
