namespace IndustryData.Benchmarks.Stage;

/// <summary>The sources that this program was built from.</summary>
internal static class Checkout
{
    /// <summary>The folder of the solution.</summary>
    public static string Folder { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder)
    {
        for (string? at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "IndustryData.sln")))
            {
                return at;
            }
        }

        throw new BenchmarkException($"{folder} is not below the checkout, whose sources are published and measured.");
    }
}
