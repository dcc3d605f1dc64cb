using System.Runtime.InteropServices;
using System.Text;
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

    private static readonly JsonEncodedText _typeAnnotation = JsonEncodedText.Encode(TypeAnnotation);

    private readonly DeclaredMember[] _members = [];
    private readonly JsonEncodedText _type;

    /// <summary>The type names that <c>@odata.type</c> may contain, without <c>#</c>. The first is written.</summary>
    public required IReadOnlyList<string> TypeNames
    {
        get;
        init
        {
            field = value;
            _type = JsonEncodedText.Encode($"#{value[0]}");
        }
    }

    /// <summary>The declared members, at most 64.</summary>
    public required IReadOnlyDictionary<string, JsonValueValidator> Members
    {
        get;
        init
        {
            field = value;
            _members = [.. value.Select(m => new DeclaredMember(m.Key, m.Value))];
        }
    }

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
            output.WriteString(_typeAnnotation, _type);
        }

        var found = 0UL;
        foreach (var member in value.EnumerateObject())
        {
            var index = IndexOf(member);
            if (index >= 0)
            {
                var declared = _members[index];
                found |= 1UL << index;
                output.WritePropertyName(declared.EncodedName);
                declared.Validate(member.Value, path.Member(declared.Name), output, faults);
            }
            else if (JsonElementExtensions.TryGetName(member) is { } name)
            {
                ValidateOther(name, member.Value, path.Member(name), output, faults);
            }
        }

        for (var i = 0; Required.Count > 0 && i < _members.Length; i++)
        {
            if ((found & (1UL << i)) == 0 && Required.Contains(_members[i].Name))
            {
                var missing = path.Member(_members[i].Name);
                faults.Add($"{missing}", "required", $"{missing} is required.");
            }
        }

        output.WriteEndObject();
    }

    // Returns the index of a declared member; -1 if the member is not declared. The body reader has already reported
    // names that are not valid Unicode.
    private int IndexOf(JsonProperty member)
    {
        var utf8Name = JsonMarshal.GetRawUtf8PropertyName(member);
        for (var i = 0; i < _members.Length; i++)
        {
            if (utf8Name.SequenceEqual(_members[i].Utf8Name))
            {
                return i;
            }
        }

        return utf8Name.Contains((byte)'\\') && JsonElementExtensions.TryGetName(member) is { } name
            ? Array.FindIndex(_members, m => m.Name == name)
            : -1;
    }

    private void ValidateOther(
        string name,
        JsonElement value,
        JsonPointer path,
        Utf8JsonWriter output,
        ValidationErrors faults
    )
    {
        if (name.Contains('@'))
        {
            ValidateType(name, value, path, faults);
        }
        else if (!IsOpen)
        {
            faults.Add(
                $"{path}",
                "unknownProperty",
                $"{path} is not a property of {TypeNames[0]}; remove it. "
                    + $"Known are: {string.Join(", ", Members.Keys)}."
            );
        }
        else if (!ServerManaged.Contains(name))
        {
            output.WritePropertyName(name);
            output.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
        }
    }

    private void ValidateType(string name, JsonElement value, JsonPointer path, ValidationErrors faults)
    {
        if (name == TypeAnnotation && !TypeNames.Contains(JsonElementExtensions.TryGetTypeName(value)))
        {
            faults.Add($"{path}", "unknownType", $"{path} must be \"#{TypeNames[0]}\" or be left out.");
        }
    }

    // Names are compared in UTF-8, and written without escaping them again, because a body may have many members.
    private sealed class DeclaredMember(string name, JsonValueValidator validate)
    {
        public string Name => name;

        public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(name);

        public JsonEncodedText EncodedName { get; } = JsonEncodedText.Encode(name);

        public JsonValueValidator Validate => validate;
    }
}
