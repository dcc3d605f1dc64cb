using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IndustryData.Domain.Json;

/// <summary>Validates a JSON value against a schema and creates its stored text.</summary>
internal static class NormalizedJson
{
    /// <summary>The maximum size of a value, in bytes as sent.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The maximum nesting depth of a value, in levels. <c>{}</c> has one level.</summary>
    public const int MaxDepth = 32;

    // A schema continues after a validation error and may then write a member without a value. The text is discarded in
    // that case.
    private static readonly JsonWriterOptions _options = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>
    /// Returns the text to store, or null if the value is invalid. Adds the validation errors to
    /// <paramref name="faults"/>.
    /// </summary>
    public static string? Create(
        JsonElement value,
        ComplexTypeSchema shape,
        string path,
        ValidationErrors faults,
        int maxBytes = MaxBytes
    )
    {
        var bytes = JsonMarshal.GetRawUtf8Value(value).Length;
        if (bytes > maxBytes)
        {
            faults.Add(path, "tooLarge", $"{path} has {bytes} bytes; send at most {maxBytes}.");
            return null;
        }

        if (IsDeeperThan(value, MaxDepth))
        {
            faults.Add(path, "tooDeep", $"{path} nests deeper than {MaxDepth} levels; flatten it.");
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

        return found.Count == 0 ? Encoding.UTF8.GetString(buffer.WrittenSpan) : null;
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
