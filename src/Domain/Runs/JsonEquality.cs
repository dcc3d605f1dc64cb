using System.Text.Json;

namespace IndustryData.Domain.Runs;

/// <summary>Compares JSON texts by their values.</summary>
internal static class JsonEquality
{
    /// <summary>Compares two JSON values. Member order and the notation of strings and numbers do not matter.</summary>
    /// <returns>True if the values are equal.</returns>
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
            // A number has an exponent beyond 31 bits. Such numbers are equal only if their texts are equal.
            return false;
        }
    }
}
