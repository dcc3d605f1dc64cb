using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.Runs.Json;

/// <summary>Validates a JSON value against a schema and creates a value of the domain from the text to store.</summary>
internal static class NormalizedJson
{
    // A schema continues after a validation error and may then write a member without a value. The text is discarded in
    // that case.
    private static readonly JsonWriterOptions _options = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>
    /// Creates a value of the domain, or returns null if the JSON value is invalid. Adds the validation errors to
    /// <paramref name="faults"/>.
    /// </summary>
    /// <param name="value">The JSON value. The body reader has already checked its strings and member names.</param>
    /// <param name="shape">The schema.</param>
    /// <param name="path">The path of the value in the body.</param>
    /// <param name="faults">Receives the validation errors.</param>
    /// <param name="maxBytes">The maximum size, in bytes as sent.</param>
    /// <param name="parse">Creates the value from the normalized text in UTF-8.</param>
    public static T? Create<T>(
        JsonElement value,
        ComplexTypeSchema shape,
        string path,
        ValidationErrors faults,
        int maxBytes,
        Func<ReadOnlySpan<byte>, T> parse
    )
        where T : class
    {
        var bytes = JsonMarshal.GetRawUtf8Value(value).Length;
        if (bytes > maxBytes)
        {
            faults.Add(path, "tooLarge", $"{path} has {bytes} bytes; send at most {maxBytes}.");
            return null;
        }

        if (IsDeeperThan(value, RunStatistics.MaxLevels))
        {
            faults.Add(path, "tooDeep", $"{path} nests deeper than {RunStatistics.MaxLevels} levels; flatten it.");
            return null;
        }

        var found = new ValidationErrors();
        var buffer = new ArrayBufferWriter<byte>(bytes);
        using (var writer = new Utf8JsonWriter(buffer, _options))
        {
            shape.ValidateAndNormalize(value, JsonPointer.Root(path), writer, found);
        }

        foreach (var fault in found)
        {
            faults.Add(fault.Target!, fault.Code, fault.Message);
        }

        return found.Count == 0 ? parse(buffer.WrittenSpan) : null;
    }

    private static bool IsDeeperThan(JsonElement value, int levels)
    {
        if (value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
        {
            return false;
        }

        if (levels == 0)
        {
            return true;
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                if (IsDeeperThan(item, levels - 1))
                {
                    return true;
                }
            }

            return false;
        }

        foreach (var member in value.EnumerateObject())
        {
            if (IsDeeperThan(member.Value, levels - 1))
            {
                return true;
            }
        }

        return false;
    }
}
