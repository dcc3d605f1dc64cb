namespace IndustryData.Testing;

/// <summary>The checkout in which the tests were built.</summary>
public static class Repository
{
    /// <summary>The root directory.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>Returns the full path of a file of the repository.</summary>
    public static string PathOf(string file) => Path.Combine(Root, file);

    private static string FindRoot(string directory) =>
        File.Exists(Path.Combine(directory, "IndustryData.sln"))
            ? directory
            : FindRoot(Path.GetDirectoryName(directory)!);
}
