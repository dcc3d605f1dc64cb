using System.Text.Json;

namespace IndustryData.Domain.Json;

/// <summary>Texts of a JSON document that may hold half a surrogate pair, which System.Text.Json answers with an exception.</summary>
public static class JsonElementExtensions
{
    /// <summary>The member's name; null when it is no Unicode text.</summary>
    public static string? TryGetName(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The member of that name; null when there is none. (The document's own look-up throws on its way past a name that is no text.)</summary>
    public static JsonElement? TryGetProperty(JsonElement value, string name)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (NameEqualsSafe(member, name))
            {
                return member.Value;
            }
        }

        return null;
    }

    /// <summary>Whether this is the member's name, without making a text of it.</summary>
    public static bool NameEqualsSafe(JsonProperty member, string name)
    {
        try
        {
            return member.NameEquals(name);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The value of a JSON string; null when it is another kind of value, or no Unicode text.</summary>
    public static string? TryGetString(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The type that an <c>@odata.type</c> names, without the <c>#</c> that OData 4.0 puts before it and 4.01 leaves out.</summary>
    public static string? TryGetTypeName(JsonElement value) => TryGetString(value) is { } name && name.StartsWith('#') ? name[1..] : TryGetString(value);
}
