using System.Text.Encodings.Web;
using System.Text.Json;

namespace IndustryData.WebApi.Http;

/// <summary>The form of all JSON that the service writes, and values that the writer of .NET lacks.</summary>
internal static class ResponseJson
{
    /// <summary>
    /// The options of the JSON writer. Only the necessary characters are escaped, so that text stays readable.
    /// <c>nosniff</c> prevents browsers from interpreting it as HTML. The writer does not check the structure, because
    /// every page would pay for it; the tests parse what is written.
    /// </summary>
    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Writes a member whose value is stored as JSON, or null.</summary>
    public static void WriteRawOrNull(this Utf8JsonWriter json, JsonEncodedText name, string? value)
    {
        json.WritePropertyName(name);
        if (value is null)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteRawValue(value, skipInputValidation: true);
        }
    }

    /// <summary>Writes an instant in UTC, or null.</summary>
    public static void WriteOrNull(this Utf8JsonWriter json, JsonEncodedText name, DateTimeOffset? value)
    {
        if (value is { } instant)
        {
            json.WriteString(name, instant.UtcDateTime);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
