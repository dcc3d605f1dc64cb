using System.Collections.Frozen;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Runs.Json;

/// <summary>
/// The qualified names of the types of activities. They are the concrete types of Graph's abstract
/// <c>industryDataRunActivity</c>.
/// </summary>
internal static class ActivityTypeNames
{
    private static readonly FrozenDictionary<string, string> _annotations = ActivityType.All.ToFrozenDictionary(
        t => t.Name,
        t => $"#{RunEdmModel.Namespace}.{t.Name}FlowActivity"
    );

    /// <summary>The qualified names, without <c>#</c>, in the order of <see cref="ActivityType.All"/>.</summary>
    public static IReadOnlyList<string> All { get; } = [.. ActivityType.All.Select(t => Annotation(t.Name)[1..])];

    /// <summary>Returns the value of the annotation <c>@odata.type</c>.</summary>
    /// <param name="name">The <see cref="ActivityType.Name"/>.</param>
    public static string Annotation(string name) => _annotations[name];

    /// <summary>Returns the type with this qualified name, or null.</summary>
    public static ActivityType? Find(string? qualifiedName) =>
        ActivityType.All.FirstOrDefault(t => Annotation(t.Name).AsSpan(1).SequenceEqual(qualifiedName));
}
