using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.Runs.Json;

/// <summary>The validators for members with a primitive value.</summary>
internal static class JsonValueValidators
{
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
                    $"{path} must be a whole number from 0 to {RunStatistics.LargestCount} "
                        + "without fraction or exponent, or null."
                );
            }
        };

    /// <summary>
    /// Accepts one of the names of an enumeration, which are in ASCII. The comparison is case-sensitive.
    /// </summary>
    public static JsonValueValidator OneOf(params string[] names)
    {
        byte[][] literals = [.. names.Select(n => Encoding.UTF8.GetBytes($"\"{n}\""))];
        return (value, path, kept, faults) =>
        {
            var literal = JsonMarshal.GetRawUtf8Value(value);
            foreach (var known in literals)
            {
                if (literal.SequenceEqual(known))
                {
                    kept.WriteRawValue(literal, skipInputValidation: true);
                    return;
                }
            }

            // The name may contain escape sequences.
            if (JsonElementExtensions.TryGetString(value) is { } name && names.Contains(name))
            {
                kept.WriteStringValue(name);
            }
            else
            {
                faults.Add($"{path}", "unknownEnumValue", $"{path} must be one of {string.Join(", ", names)}.");
            }
        };
    }

    private static long? Count(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            return null;
        }

        var literal = JsonMarshal.GetRawUtf8Value(value);
        return
            long.TryParse(literal, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count <= RunStatistics.LargestCount
            ? count
            : null;
    }
}
