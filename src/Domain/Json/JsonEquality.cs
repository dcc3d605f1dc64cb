using System.Text.Json;

namespace IndustryData.Domain.Json;

/// <summary>Compares JSON by what it says, not by how it is written.</summary>
internal static class JsonEquality
{
    /// <summary>Whether two JSON values say the same: members in any order, texts and numbers in any spelling.</summary>
    public static bool DeepEquals(string one, string other)
    {
        if (one == other)
        {
            return true;
        }

        using var mine = JsonDocument.Parse(one);
        using var theirs = JsonDocument.Parse(other);
        try
        {
            return JsonElement.DeepEquals(mine.RootElement, theirs.RootElement);
        }
        catch (ArgumentOutOfRangeException)
        {
            // At a number whose exponent is beyond 31 bits. Such are equal when they are written the same.
            return false;
        }
    }
}
