using System.Text.Json;

namespace IndustryData.WebApi.FunctionalTests.Live;

/// <summary>A Server-Sent Event.</summary>
/// <param name="Name">The name.</param>
/// <param name="Id">The id; null if the event has none.</param>
/// <param name="Retry">The time to wait before the next connection, in milliseconds; null if it is not given.</param>
/// <param name="Data">The data.</param>
internal sealed record LiveEvent(string Name, string? Id, int? Retry, string Data)
{
    /// <summary>The data as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;

    /// <summary>The entries of an event with changes.</summary>
    public IEnumerable<JsonElement> Entries =>
        Json.TryGetProperty("value", out var entries) ? entries.EnumerateArray() : [];
}
