namespace IndustryData.WebApi.OData;

/// <summary>The properties of a run that an answer shows.</summary>
/// <param name="Context">What the context URL says of it: <c>(id,status)</c>, or nothing.</param>
/// <param name="Names">The properties.</param>
/// <param name="WithActivities">Whether the run's activities come with it.</param>
internal sealed record RunSelection(string Context, IReadOnlySet<string> Names, bool WithActivities = false)
{
    public const string Activities = "activities";
    public const string Statistics = "statistics";

    private static readonly string[] _all = ["id", "displayName", "startDateTime", "endDateTime", "status", Statistics, "blockingError", "createdDateTime", "lastModifiedDateTime"];

    /// <summary>Everything.</summary>
    public static readonly RunSelection Everything = new("", _all.ToHashSet());

    /// <summary>What lists show when nobody selects: published Graph's lists have no statistics either.</summary>
    public static readonly RunSelection Listed = new("", _all.Where(n => n != Statistics).ToHashSet());

    /// <summary>Reads <c>$select</c> (OData URL Conventions §5.1.3). The id is always there, as Graph does it, and so the same run is known again.</summary>
    /// <exception cref="RefusedException">A name is no property of a run.</exception>
    public static RunSelection Parse(string text)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries).Distinct().ToList();
        foreach (var name in names.Where(n => n != "*" && !_all.Contains(n)))
        {
            throw new RefusedException("invalidQueryOption", name switch
            {
                "" => "an empty place is no property of a run; separate names by single commas.",
                Activities => $"activities are not part of a run's own properties; to have them with the run, use {QueryOptions.Expand}=activities.",
                _ when name.Split('/')[0] is var whole && whole != name && _all.Contains(whole) => $"{Domain.Faults.Shown(name)}: select {whole} as a whole.",
                _ => $"{Domain.Faults.Shown(name)} is no property of a run.{(Spelling.Nearest(name, _all) is { } meant ? $" Did you mean {meant}?" : $" They are {string.Join(", ", _all)}.")}",
            });
        }

        return names.Contains("*") ? Everything : new RunSelection($"({string.Join(',', names)})", names.Append("id").ToHashSet());
    }

    /// <summary>Adds what <c>$expand</c> names (OData URL Conventions §5.1.4): activities, which are all that there is.</summary>
    /// <exception cref="RefusedException">There is something else.</exception>
    public RunSelection Expand(string text)
    {
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries).Where(n => n is not (Activities or "*")))
        {
            throw new RefusedException("invalidQueryOption", name switch
            {
                "" => "an empty place is nothing to expand; separate names by single commas.",
                _ when name.StartsWith(Activities, StringComparison.Ordinal) && name[Activities.Length] is '(' or '/' =>
                    "activities come whole and all of them; options in parentheses, $ref and $count are not offered here. Leave out what follows activities, or read …/runs/{id}/activities.",
                _ when _all.Contains(name) => $"{name} is part of the run itself; use {QueryOptions.Select}.",
                _ => $"a run has nothing to expand but activities.{(Spelling.Nearest(name, [Activities]) is { } meant ? $" Did you mean {meant}?" : "")}",
            });
        }

        // As the select-list of OData 4.01 has it: the parentheses say that what is inside was not selected from.
        return this with { WithActivities = true, Context = Context.Length == 0 ? $"({Activities}())" : $"{Context[..^1]},{Activities}())" };
    }
}
