using System.Text.Json;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Reads strings of a JSON document that may contain unpaired surrogates. System.Text.Json throws an exception for
/// these.
/// </summary>
internal static class JsonElementExtensions
{
    /// <summary>Returns the member's name; null if it is not valid Unicode.</summary>
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

    /// <summary>Returns the value of the member with this name; null if there is none.</summary>
    /// <remarks>The lookup of System.Text.Json throws if it passes a name that is not valid Unicode.</remarks>
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

    /// <summary>Compares a member's name with a string without allocating.</summary>
    /// <returns>True if the names are equal.</returns>
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

    /// <summary>Returns the value of a JSON string; null if it is another kind or not valid Unicode.</summary>
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

    /// <summary>
    /// Returns the type name in an <c>@odata.type</c>, without the <c>#</c> that OData 4.0 requires and 4.01 omits.
    /// </summary>
    public static string? TryGetTypeName(JsonElement value) =>
        TryGetString(value) is { } name && name.StartsWith('#') ? name[1..] : TryGetString(value);
}
