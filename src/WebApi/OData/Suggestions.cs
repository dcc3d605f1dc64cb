namespace IndustryData.WebApi.OData;

/// <summary>Guesses what was meant by a misspelt name.</summary>
internal static class Suggestions
{
    /// <summary>The known name that differs in case alone or in at most two letters; null when none does.</summary>
    public static string? Closest(string word, IEnumerable<string> known)
    {
        return known
            .Select(k => (Name: k, Distance: k.Equals(word, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(word, k)))
            .Where(k => k.Distance <= Math.Min(2, k.Name.Length / 3))
            .OrderBy(k => k.Distance)
            .Select(k => k.Name)
            .FirstOrDefault();
    }

    /// <summary>Levenshtein's distance.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (row[j], a[i - 1] == b[j - 1] ? diagonal : 1 + Math.Min(diagonal, Math.Min(row[j], row[j - 1])));
            }
        }

        return row[^1];
    }
}
