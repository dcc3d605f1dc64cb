using System.Text.Json;
using IndustryData.Domain.Runs;

namespace IndustryData.Dashboard.Parts;

/// <summary>How many people of a role were matched with a user.</summary>
/// <param name="Role">The name of the role.</param>
/// <param name="Matched">The number of matched people; null if not reported.</param>
/// <param name="Unmatched">The number of other people; null if not reported.</param>
public sealed record RoleCount(string Role, long? Matched, long? Unmatched);

/// <summary>Reads the inbound totals from the statistics of a run.</summary>
public static class StatisticsReader
{
    /// <summary>
    /// Returns the people by role, in the order in which the roles are named. Counts of a role that is named more than
    /// once are added.
    /// </summary>
    /// <param name="statistics">The statistics as a JSON object.</param>
    public static IReadOnlyList<RoleCount> ReadRoles(string statistics)
    {
        using var document = JsonDocument.Parse(statistics);
        var roles = new List<RoleCount>();
        var places = new Dictionary<string, int>();
        if (TotalsOf(document.RootElement) is not { } totals)
        {
            return roles;
        }

        foreach (var (role, count) in CountsOf(totals, "matchedPeopleByRole"))
        {
            roles[PlaceOf(role)] = roles[PlaceOf(role)] with { Matched = Sum(roles[PlaceOf(role)].Matched, count) };
        }

        foreach (var (role, count) in CountsOf(totals, "unmatchedPeopleByRole"))
        {
            roles[PlaceOf(role)] = roles[PlaceOf(role)] with { Unmatched = Sum(roles[PlaceOf(role)].Unmatched, count) };
        }

        return roles;

        int PlaceOf(string role)
        {
            if (!places.TryGetValue(role, out var place))
            {
                places[role] = place = roles.Count;
                roles.Add(new RoleCount(role, null, null));
            }

            return place;
        }
    }

    // Many large counts exceed the range of a number of 64 bits.
    private static long? Sum(long? sum, long? count) =>
        (sum, count) is ({ } a, { } b) ? (a > long.MaxValue - b ? long.MaxValue : a + b) : sum ?? count;

    private static IEnumerable<(string Role, long? Count)> CountsOf(JsonElement totals, string name)
    {
        if (!totals.TryGetProperty(name, out var counts) || counts.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }

        foreach (var entry in counts.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.Object))
        {
            if (entry.TryGetProperty("role", out var role) && role.ValueKind == JsonValueKind.String)
            {
                yield return (role.GetString()!, Whole(entry, "count") is >= 0 and var count ? count : null);
            }
        }
    }

    private static JsonElement? TotalsOf(JsonElement statistics) =>
        statistics.TryGetProperty("inboundTotals", out var totals) && totals.ValueKind == JsonValueKind.Object
            ? totals
            : null;

    private static long? Whole(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt64(out var number)
            ? number
            : null;

    /// <summary>Returns the totals. A total that the run did not report as a whole number is null.</summary>
    /// <param name="statistics">The statistics as a JSON object; null if they were not read.</param>
    public static InboundTotals ReadTotals(string? statistics)
    {
        if (statistics is null)
        {
            return new InboundTotals();
        }

        using var document = JsonDocument.Parse(statistics);
        if (TotalsOf(document.RootElement) is not { } totals)
        {
            return new InboundTotals();
        }

        long? Number(string name) => Whole(totals, name);
        return new InboundTotals
        {
            People = Number("people"),
            Groups = Number("groups"),
            Memberships = Number("memberships"),
            Organizations = Number("organizations"),
            Errors = Number("errors"),
            Warnings = Number("warnings"),
        };
    }
}
