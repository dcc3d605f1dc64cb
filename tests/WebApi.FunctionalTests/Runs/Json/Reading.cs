using System.Text.Json;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Runs.Json;

namespace IndustryData.WebApi.FunctionalTests.Runs.Json;

/// <summary>
/// Reads JSON texts as the service reads a request body, and formats validation errors as <c>code path</c>.
/// </summary>
internal static class Reading
{
    public static RunStatistics? Statistics(string json, ValidationErrors faults) =>
        StatisticsJsonReader.Read(Json(json), "statistics", faults);

    /// <summary>Reads statistics and asserts that they have no validation errors.</summary>
    public static RunStatistics Statistics(string json)
    {
        var faults = new ValidationErrors();
        var statistics = Statistics(json, faults);
        faults.Shown().ShouldBeEmpty();
        return statistics.ShouldNotBeNull();
    }

    public static PublicError? Error(string json, ValidationErrors faults) =>
        PublicErrorJsonReader.Read(Json(json), "blockingError", faults);

    public static string[] Shown(this IEnumerable<Error> faults) => [.. faults.Select(f => $"{f.Code} {f.Target}")];

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
