namespace IndustryData.WebApi.OData;

/// <summary>A path of the collection of runs. All paths refer to the same collection.</summary>
/// <param name="Path">The path relative to the service root, without leading and trailing slashes.</param>
internal sealed record RunCollectionPath(string Path)
{
    /// <summary>The path of the reference page and the path of the published Microsoft Graph.</summary>
    public static readonly IReadOnlyList<RunCollectionPath> All =
    [
        new("process/runs"),
        new("external/industryData/runs"),
    ];

    private const string Qualifier = "microsoft.graph.industryData.";

    private static readonly string[] _operations = ["start", "delta", "getStatistics"];

    /// <summary>The route patterns of a single run: with the key as a segment, and with it in parentheses.</summary>
    public IReadOnlyList<string> ItemPatterns => [$"/{Path}/{{id}}", $"/{Path}('{{id}}')"];

    /// <summary>Checks a path segment below the collection for reserved names.</summary>
    /// <returns>
    /// Returns true if the segment is the name of an operation or a segment that OData defines, and therefore not an
    /// id.
    /// </returns>
    public static bool IsReservedSegment(string segment)
    {
        var name = segment.StartsWith(Qualifier, StringComparison.OrdinalIgnoreCase)
            ? segment[Qualifier.Length..]
            : segment;
        return segment.StartsWith('$') || _operations.Contains(name.Split('(')[0], StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Returns the route patterns of a bound operation, with and without its namespace, and for a function also with
    /// parentheses.
    /// </summary>
    public static IReadOnlyList<string> OperationPatterns(string name, bool isFunction)
    {
        string[] names = [name, Qualifier + name];
        return isFunction ? [.. names, .. names.Select(n => $"{n}()")] : names;
    }
}
