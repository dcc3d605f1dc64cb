namespace IndustryData.Dashboard.Settings;

/// <summary>A package that is part of the service.</summary>
/// <param name="Name">The name of the package.</param>
/// <param name="Version">Its version.</param>
/// <param name="License">Its license, as an SPDX expression or in words.</param>
public sealed record ShippedPackage(string Name, string Version, string License)
{
    // A test compares the list with what is built.
    private const string Resource = "packages.txt";

    /// <summary>All packages, by their names.</summary>
    public static IReadOnlyList<ShippedPackage> All { get; } = Read();

    private static List<ShippedPackage> Read()
    {
        using var stream = typeof(ShippedPackage).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        var packages = new List<ShippedPackage>();
        while (reader.ReadLine() is { } line)
        {
            var parts = line.Split(' ', 3);
            packages.Add(new ShippedPackage(parts[0], parts[1], parts[2]));
        }

        return packages;
    }
}
