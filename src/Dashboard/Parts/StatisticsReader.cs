using System.Text.Json;
using IndustryData.Domain.Runs;

namespace IndustryData.Dashboard.Parts;

/// <summary>Reads the inbound totals from the statistics of a run.</summary>
public static class StatisticsReader
{
    /// <summary>Returns the totals. A total that the run did not report as a whole number is null.</summary>
    /// <param name="statistics">The statistics as a JSON object; null if they were not read.</param>
    public static InboundTotals ReadTotals(string? statistics)
    {
        if (statistics is null)
        {
            return new InboundTotals();
        }

        using var document = JsonDocument.Parse(statistics);
        if (
            !document.RootElement.TryGetProperty("inboundTotals", out var totals)
            || totals.ValueKind != JsonValueKind.Object
        )
        {
            return new InboundTotals();
        }

        long? Number(string name) =>
            totals.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out var number)
                ? number
                : null;
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
