using System.Collections.Immutable;

namespace IndustryData.WebApi.OData;

/// <summary>The properties of a run that a response contains.</summary>
/// <param name="Context">The select-list in the context URL, such as <c>(id,status)</c>, or an empty string.</param>
/// <param name="Shown">The properties, in the order in which they are written.</param>
/// <param name="WithActivities">True if the response includes the activities of the run.</param>
internal sealed record RunProjection(string Context, ImmutableArray<RunProperty> Shown, bool WithActivities = false)
{
    public const string Activities = "activities";

    private static readonly string[] _all = [.. RunPropertyTable.Own.Select(p => p.Path)];

    /// <summary>All properties.</summary>
    public static readonly RunProjection All = new("", RunPropertyTable.Own);

    /// <summary>
    /// The default for lists without <c>$select</c>. Lists of the published Microsoft Graph have no statistics either.
    /// </summary>
    public static readonly RunProjection ListDefault = new(
        "",
        [.. RunPropertyTable.Own.Where(p => p != RunPropertyTable.Statistics)]
    );

    /// <summary>
    /// Parses <c>$select</c> (OData URL Conventions §5.1.3). The id is always included, as in Microsoft Graph, so that
    /// the caller can identify the run.
    /// </summary>
    /// <exception cref="QueryOptionException">A name is not a property of a run.</exception>
    public static RunProjection Parse(string text)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries).Distinct().ToList();
        foreach (var name in names.Where(n => n != "*" && !_all.Contains(n)))
        {
            throw new QueryOptionException(
                "invalidQueryOption",
                name switch
                {
                    "" => "a name is empty; separate names by single commas.",
                    Activities => "activities are not part of a run's own properties; "
                        + $"to have them with the run, use {ODataQueryString.Expand}=activities.",
                    _ when name.Split('/')[0] is var whole && whole != name && _all.Contains(whole) =>
                        $"{Domain.ValidationErrors.Abbreviate(name)}: select {whole} as a whole.",
                    _ => $"{Domain.ValidationErrors.Abbreviate(name)} is no property of a run."
                        + (
                            Suggestions.Closest(name, _all) is { } meant
                                ? $" Did you mean {meant}?"
                                : $" They are {string.Join(", ", _all)}."
                        ),
                }
            );
        }

        return names.Contains("*")
            ? All
            : new RunProjection(
                $"({string.Join(',', names)})",
                [.. RunPropertyTable.Own.Where(p => p.Path == "id" || names.Contains(p.Path))]
            );
    }

    /// <summary>
    /// Adds the properties that <c>$expand</c> names (OData URL Conventions §5.1.4). Only activities are supported.
    /// </summary>
    /// <exception cref="QueryOptionException">The text names something other than activities.</exception>
    public RunProjection Expand(string text)
    {
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries).Where(n => n is not (Activities or "*")))
        {
            throw new QueryOptionException(
                "invalidQueryOption",
                name switch
                {
                    "" => "a name is empty; separate names by single commas.",
                    _ when name.StartsWith(Activities, StringComparison.Ordinal)
                            && name[Activities.Length] is '(' or '/' => "activities can only be expanded completely; "
                        + "options in parentheses, $ref and $count are not offered here. "
                        + "Leave out what follows activities, or read …/runs/{id}/activities.",
                    _ when _all.Contains(name) => $"{name} is part of the run itself; use {ODataQueryString.Select}.",
                    _ => "a run has nothing to expand but activities."
                        + (Suggestions.Closest(name, [Activities]) is { } meant ? $" Did you mean {meant}?" : ""),
                }
            );
        }

        // The format follows the select-list of OData 4.01: the empty parentheses state that no properties of the
        // activities were selected.
        return this with
        {
            WithActivities = true,
            Context = Context.Length == 0 ? $"({Activities}())" : $"{Context[..^1]},{Activities}())",
        };
    }
}
