using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace IndustryData.WebApi.FunctionalTests.Hosting;

/// <summary>Request bodies of the tests, and methods that read response bodies.</summary>
public static class Bodies
{
    public const string Run = """
        { "@odata.type": "#microsoft.graph.industryData.run",
          "displayName": "Nightly rostering", "startDateTime": "2026-11-22T02:00:00Z",
          "endDateTime": "2026-11-22T02:41:07Z",
          "status": "completedWithWarnings",
          "statistics": { "@odata.type": "microsoft.graph.industryData.runStatistics" } }
        """;

    /// <summary>Returns the body of a run that started this number of minutes into 2026.</summary>
    public static string RunAt(int minute, string displayName = "Nightly rostering")
    {
        var start = new DateTime(2026, 1, 1).AddMinutes(minute);
        return $$"""{"displayName":"{{displayName}}","startDateTime":"{{start:s}}Z","status":"running","statistics":"""
            + "{} }";
    }

    public static StringContent Json(string body) =>
        new(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    public static IEnumerable<string> SharedRuns() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Data", "runs.ndjson"));

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

    public static async Task<JsonElement> GetJsonAsync(this HttpClient client, Uri url)
    {
        using var response = await client.GetAsync(url, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(
            System.Net.HttpStatusCode.OK,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );
        return await response.JsonAsync();
    }

    public static string Text(this JsonElement element, string member) => element.GetProperty(member).GetString()!;

    /// <summary>Returns the cause of an error, its <c>innerError.code</c>.</summary>
    public static string Cause(this JsonElement body) =>
        body.GetProperty("error").GetProperty("innerError").Text("code");
}
