using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace IndustryData.Domain.Json;

/// <summary>The validators for members with a primitive value.</summary>
internal static class JsonValueValidators
{
    /// <summary>
    /// The largest count, 2⁵³−1. Larger JSON numbers lose digits in JavaScript and Power Query (RFC 8259 §6).
    /// </summary>
    public const long MaxSafeInteger = 9_007_199_254_740_991;

    /// <summary>Accepts a string.</summary>
    public static JsonValueValidator String { get; } =
        (value, path, kept, faults) =>
        {
            if (value.ValueKind == JsonValueKind.String)
            {
                kept.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
            }
            else
            {
                faults.Add($"{path}", "notAString", $"{path} must be a text.");
            }
        };

    /// <summary>Accepts a string or null.</summary>
    public static JsonValueValidator NullableString { get; } =
        (value, path, kept, faults) =>
        {
            if (value.ValueKind == JsonValueKind.Null)
            {
                kept.WriteNullValue();
                return;
            }

            String(value, path, kept, faults);
        };

    /// <summary>
    /// Accepts a count or null. A count is an integer literal from 0 to 2⁵³−1; <c>1.0</c> and <c>1e3</c> are not
    /// integer literals.
    /// </summary>
    public static JsonValueValidator NullableNonNegativeInteger { get; } =
        (value, path, kept, faults) =>
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
                faults.Add(
                    $"{path}",
                    "invalidCount",
                    $"{path} must be a whole number from 0 to {MaxSafeInteger} without fraction or exponent, or null."
                );
            }
        };

    /// <summary>Accepts one of the names of an enumeration. The comparison is case-sensitive.</summary>
    public static JsonValueValidator OneOf(params string[] names) =>
        (value, path, kept, faults) =>
        {
            if (JsonElementExtensions.TryGetString(value) is { } name && names.Contains(name))
            {
                kept.WriteStringValue(name);
            }
            else
            {
                faults.Add($"{path}", "unknownEnumValue", $"{path} must be one of {string.Join(", ", names)}.");
            }
        };

    /// <summary>Returns the count in a value; null if the value is not a count.</summary>
    public static long? Count(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            return null;
        }

        var literal = JsonMarshal.GetRawUtf8Value(value);
        return
            long.TryParse(literal, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count <= MaxSafeInteger
            ? count
            : null;
    }
}
