using System.Text.Json;

namespace IndustryData.Dashboard.Parts;

/// <summary>Reads the code and the message of a blocking error.</summary>
public static class ErrorCode
{
    /// <summary>Returns a text of a blocking error; null if the error has none.</summary>
    /// <param name="blockingError">The blocking error as a JSON object; null if the run has none.</param>
    /// <param name="name"><c>code</c> or <c>message</c>.</param>
    public static string? Read(string? blockingError, string name = "code")
    {
        if (blockingError is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(blockingError);
        return
            document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
    }
}
