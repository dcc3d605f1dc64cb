namespace IndustryData.WebApi.OData;

/// <summary>Keeps the names of operations, and OData's own, from being taken for keys: <c>runs/start</c> is an action, whatever the method.</summary>
internal sealed class KeyConstraint : IRouteConstraint
{
    public const string Name = "key";

    private const string Qualifier = "microsoft.graph.industryData.";
    private static readonly string[] _operations = ["start", "delta", "getStatistics"];

    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection)
    {
        if (values[routeKey] is not string segment || segment.StartsWith('$'))
        {
            return false;
        }

        var name = segment.StartsWith(Qualifier, StringComparison.OrdinalIgnoreCase) ? segment[Qualifier.Length..] : segment;
        name = name.EndsWith("()", StringComparison.Ordinal) ? name[..^2] : name;
        return !_operations.Contains(name, StringComparer.OrdinalIgnoreCase);
    }
}
