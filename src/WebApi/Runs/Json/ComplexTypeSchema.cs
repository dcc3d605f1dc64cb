using System.Runtime.InteropServices;
using System.Text.Json;
using IndustryData.Domain;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.Runs.Json;

/// <summary>Validates one value, reports its validation errors, and writes the form to store.</summary>
internal delegate void JsonValueValidator(
    JsonElement value,
    JsonPointer path,
    Utf8JsonWriter output,
    ValidationErrors faults
);

/// <summary>
/// The schema of a complex type of the contract. Annotations (names with an <c>@</c>) are removed, but
/// <c>@odata.type</c> is checked. Undeclared members of an open type are kept unchanged.
/// </summary>
internal sealed class ComplexTypeSchema
{
    private const string TypeAnnotation = "@odata.type";
    private const int MaxItems = 1000;

    /// <summary>The type names that <c>@odata.type</c> may contain, without <c>#</c>. The first is written.</summary>
    public required IReadOnlyList<string> TypeNames { get; init; }

    /// <summary>The declared members.</summary>
    public required IReadOnlyDictionary<string, JsonValueValidator> Members { get; init; }

    /// <summary>The required members, which must not be absent or null.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>The members that the server sets. They are accepted but not stored.</summary>
    public IReadOnlyList<string> ServerManaged { get; init; } = [];

    /// <summary>True if undeclared members are allowed.</summary>
    public bool IsOpen { get; init; }

    /// <summary>True if <c>@odata.type</c> is always written because the declared type is abstract.</summary>
    public bool WritesTypeAnnotation { get; init; }

    /// <summary>Returns a validator for a nullable member of this type.</summary>
    public static JsonValueValidator Nullable(ComplexTypeSchema shape) =>
        (value, path, output, faults) =>
        {
            if (value.ValueKind == JsonValueKind.Null)
            {
                output.WriteNullValue();
                return;
            }

            shape.ValidateAndNormalize(value, path, output, faults);
        };

    /// <summary>
    /// Returns a validator for a collection of this type. Collections and their items are never null (OData CSDL
    /// §7.2.1).
    /// </summary>
    public static JsonValueValidator CollectionOf(ComplexTypeSchema shape) =>
        (value, path, output, faults) =>
        {
            if (value.ValueKind != JsonValueKind.Array)
            {
                faults.Add($"{path}", "notAnArray", $"{path} must be an array; send [] for none.");
                return;
            }

            if (value.GetArrayLength() > MaxItems)
            {
                // A body can contain very many items as small as {}. Each is large in a response that includes type
                // annotations.
                faults.Add(
                    $"{path}",
                    "tooManyItems",
                    $"{path} has {value.GetArrayLength()} items; send at most {MaxItems}."
                );
                return;
            }

            output.WriteStartArray();
            var index = 0;
            foreach (var item in value.EnumerateArray())
            {
                shape.ValidateAndNormalize(item, path.Item(index++), output, faults);
            }

            output.WriteEndArray();
        };

    /// <summary>Validates a value against the schema and writes the form to store.</summary>
    public void ValidateAndNormalize(
        JsonElement value,
        JsonPointer path,
        Utf8JsonWriter output,
        ValidationErrors faults
    )
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add($"{path}", "notAnObject", $"{path} must be a JSON object.");
            return;
        }

        output.WriteStartObject();
        if (WritesTypeAnnotation)
        {
            output.WriteString(TypeAnnotation, $"#{TypeNames[0]}");
        }

        var missing = Required.Count == 0 ? null : new List<string>(Required);
        foreach (var member in value.EnumerateObject())
        {
            // The body reader has already reported names that are not valid Unicode.
            if (JsonElementExtensions.TryGetName(member) is not { } name)
            {
                continue;
            }

            var memberPath = path.Member(name);
            if (name.Contains('@'))
            {
                ValidateType(name, member.Value, memberPath, faults);
            }
            else if (Members.TryGetValue(name, out var rule))
            {
                missing?.Remove(name);
                output.WritePropertyName(name);
                rule(member.Value, memberPath, output, faults);
            }
            else if (IsOpen)
            {
                if (!ServerManaged.Contains(name))
                {
                    output.WritePropertyName(name);
                    output.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
                }
            }
            else
            {
                faults.Add(
                    $"{memberPath}",
                    "unknownProperty",
                    $"{memberPath} is not a property of {TypeNames[0]}; remove it. "
                        + $"Known are: {string.Join(", ", Members.Keys)}."
                );
            }
        }

        foreach (var name in missing ?? [])
        {
            faults.Add($"{path.Member(name)}", "required", $"{path.Member(name)} is required.");
        }

        output.WriteEndObject();
    }

    private void ValidateType(string name, JsonElement value, JsonPointer path, ValidationErrors faults)
    {
        if (name == TypeAnnotation && !TypeNames.Contains(JsonElementExtensions.TryGetTypeName(value)))
        {
            faults.Add($"{path}", "unknownType", $"{path} must be \"#{TypeNames[0]}\" or be left out.");
        }
    }
}
