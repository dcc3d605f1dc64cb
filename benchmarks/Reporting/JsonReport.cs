using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IndustryData.Benchmarks.Reporting;

/// <summary>The report as JSON, with every turn of every contender.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,

        // A ratio is infinite or not a number if the throughput of the other contender is 0.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string Write(Report report) =>
        JsonSerializer.Serialize(
            new
            {
                report.Machine,
                report.Settings,
                Comparisons = report.Outcomes.Select(o => new
                {
                    o.Comparison.Name,
                    o.Comparison.Title,
                    o.Failure,
                    Contenders = o.Comparison.Contenders.Select(c => new { c.Name, Turns = o.Of(c.Name) }),
                    Goals = o.Judge(),
                }),
                report.Memory,
            },
            _options
        );
}
