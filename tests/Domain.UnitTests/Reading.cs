using System.Text.Json;
using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests;

/// <summary>Reads JSON texts the way the service reads a body, and shows faults as <c>code path</c>.</summary>
internal static class Reading
{
    public static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    public static RunStatistics? Statistics(string json, ValidationErrors faults) =>
        RunStatistics.Read(Json(json), "statistics", faults);

    /// <summary>Statistics that must have no fault.</summary>
    public static RunStatistics Statistics(string json)
    {
        var faults = new ValidationErrors();
        var statistics = Statistics(json, faults);
        faults.Shown().ShouldBeEmpty();
        return statistics.ShouldNotBeNull();
    }

    public static PublicError? Error(string json, ValidationErrors faults) =>
        PublicError.Read(Json(json), "blockingError", faults);

    public static string[] Shown(this IEnumerable<Error> faults) => [.. faults.Select(f => $"{f.Code} {f.Target}")];
}
