namespace IndustryData.WebApi.OData;

/// <summary>Suggests names for misspelled names.</summary>
internal static class Suggestions
{
    /// <summary>Finds the known name that is closest to a word.</summary>
    /// <returns>The name that differs only in case or in at most two letters, or null if there is none.</returns>
    public static string? Closest(string word, IEnumerable<string> known)
    {
        return known
            .Select(k =>
                (Name: k, Distance: k.Equals(word, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(word, k))
            )
            .Where(k => k.Distance <= Math.Min(2, k.Name.Length / 3))
            .OrderBy(k => k.Distance)
            .Select(k => k.Name)
            .FirstOrDefault();
    }

    /// <summary>Calculates the Levenshtein distance of two strings.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? diagonal : 1 + Math.Min(diagonal, Math.Min(row[j], row[j - 1]));
                (diagonal, row[j]) = (row[j], cost);
            }
        }

        return row[^1];
    }
}
