using System.Runtime.InteropServices;
using System.Text.Json;

namespace IndustryData.Domain.Json;

/// <summary>Checks one value, names its faults, and writes the form of it that is kept.</summary>
internal delegate void JsonValueValidator(JsonElement value, JsonPointer path, Utf8JsonWriter output, ValidationErrors faults);

/// <summary>
/// What a complex type of the contract may hold. Annotations (names with an <c>@</c>) are dropped, but <c>@odata.type</c> is checked;
/// members that an open type does not know are kept to the letter.
/// </summary>
internal sealed class ComplexTypeSchema
{
    private const string TypeAnnotation = "@odata.type";
    private const int MaxItems = 1000;

    /// <summary>The names that <c>@odata.type</c> may say, without <c>#</c>; the first is the one written.</summary>
    public required IReadOnlyList<string> TypeNames { get; init; }

    /// <summary>The declared members.</summary>
    public required IReadOnlyDictionary<string, JsonValueValidator> Members { get; init; }

    /// <summary>The members that may be neither absent nor null.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Members that are the server's to say: accepted, not kept.</summary>
    public IReadOnlyList<string> ServerManaged { get; init; } = [];

    /// <summary>Whether further members are allowed.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Whether <c>@odata.type</c> is always kept, because the declared type is abstract.</summary>
    public bool WritesTypeAnnotation { get; init; }

    /// <summary>The shape as a rule for a member that may be null.</summary>
    public static JsonValueValidator Nullable(ComplexTypeSchema shape) => (value, path, output, faults) =>
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            output.WriteNullValue();
            return;
        }

        shape.ValidateAndNormalize(value, path, output, faults);
    };

    /// <summary>The shape as a rule for a collection of it. Collections and their items are never null (OData CSDL §7.2.1).</summary>
    public static JsonValueValidator CollectionOf(ComplexTypeSchema shape) => (value, path, output, faults) =>
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            faults.Add($"{path}", "notAnArray", $"{path} must be an array; send [] for none.");
            return;
        }

        if (value.GetArrayLength() > MaxItems)
        {
            // Of items as small as {} there could be very many, and each is large when it is read back with all that is said of its type.
            faults.Add($"{path}", "tooMany", $"{path} has {value.GetArrayLength()} items; send at most {MaxItems}.");
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

    /// <summary>Checks a value against the shape and writes what is kept of it.</summary>
    public void ValidateAndNormalize(JsonElement value, JsonPointer path, Utf8JsonWriter output, ValidationErrors faults)
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
            // A name that is no text has been reported where the body was read.
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
                faults.Add($"{memberPath}", "unknownProperty", $"{memberPath} is not a property of {TypeNames[0]}; remove it. Known are: {string.Join(", ", Members.Keys)}.");
            }
        }

        foreach (var name in missing ?? [])
        {
            faults.Add($"{path.Member(name)}", "missing", $"{path.Member(name)} is required.");
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
