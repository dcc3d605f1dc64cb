using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace IndustryData.Domain.Json;

/// <summary>The rules for members that hold one plain value.</summary>
internal static class JsonValueValidators
{
    /// <summary>The largest count, 2⁵³−1: beyond it JSON numbers lose digits in JavaScript and Power Query (RFC 8259 §6).</summary>
    public const long MaxSafeInteger = 9_007_199_254_740_991;

    /// <summary>A text.</summary>
    public static JsonValueValidator String { get; } = (value, path, kept, faults) =>
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            kept.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
        }
        else
        {
            faults.Add($"{path}", "notAText", $"{path} must be a text.");
        }
    };

    /// <summary>A text or null.</summary>
    public static JsonValueValidator NullableString { get; } = (value, path, kept, faults) =>
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            kept.WriteNullValue();
            return;
        }

        String(value, path, kept, faults);
    };

    /// <summary>How many there were, or null: an integer literal from 0 to 2⁵³−1. <c>1.0</c> and <c>1e3</c> are not integer literals.</summary>
    public static JsonValueValidator NullableNonNegativeInteger { get; } = (value, path, kept, faults) =>
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            kept.WriteNullValue();
        }
        else if (Count(value) is { } count)
        {
            kept.WriteNumberValue(count);
        }
        else
        {
            faults.Add($"{path}", "notACount", $"{path} must be a whole number from 0 to {MaxSafeInteger} without fraction or exponent, or null.");
        }
    };

    /// <summary>One of the names of an enumeration, in exactly this case.</summary>
    public static JsonValueValidator OneOf(params string[] names) => (value, path, kept, faults) =>
    {
        if (JsonElementExtensions.TryGetString(value) is { } name && names.Contains(name))
        {
            kept.WriteStringValue(name);
        }
        else
        {
            faults.Add($"{path}", "unknownMember", $"{path} must be one of {string.Join(", ", names)}.");
        }
    };

    /// <summary>The count that a value holds; null when it is no count.</summary>
    public static long? Count(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            return null;
        }

        var literal = JsonMarshal.GetRawUtf8Value(value);
        return long.TryParse(literal, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= MaxSafeInteger ? count : null;
    }
}
