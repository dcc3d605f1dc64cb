namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>Makes random choices, which depend only on the seed.</summary>
internal static class Generators
{
    public static bool Percent(this Random random, int percent) => random.Next(100) < percent;

    public static T Pick<T>(this Random random, params IReadOnlyList<T> of) => of[random.Next(of.Count)];

    /// <summary>Returns a random number of values, each from a new call.</summary>
    public static IEnumerable<T> Some<T>(this Random random, int least, int most, Func<T> make)
    {
        var count = random.Next(least, most + 1);
        for (var i = 0; i < count; i++)
        {
            yield return make();
        }
    }

    /// <summary>Returns the word with random case of its letters.</summary>
    public static string AnyCase(this Random random, string word) =>
        random.Percent(70)
            ? word
            : string.Concat(word.Select(c => random.Percent(50) ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c)));
}
