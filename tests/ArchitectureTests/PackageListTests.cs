using System.Text.Json;
using System.Xml.Linq;

namespace IndustryData.ArchitectureTests;

/// <summary>
/// Tests of the list of packages with their licenses on the page Settings. It must have each package of the service in
/// the version that is built, with the license that the package names.
/// </summary>
public sealed class PackageListTests
{
    private const string List = "src/Dashboard/Settings/packages.txt";

    // A package with a license file names no license. Who changes the version reads the file and edits the list.
    private const string OfFile = "(a license file)";

    [Fact]
    public void Packages_of_the_service_are_listed_with_version_and_license()
    {
        var listed = File.ReadAllLines(Repository.PathOf(List));
        var shipped = Shipped().ToList();

        shipped.Count.ShouldBeGreaterThan(20);
        var inWords = listed
            .Select(l => l.Split(' ', 3))
            .Where(p => shipped.Contains($"{p[0]} {p[1]} {OfFile}") && p[2].Length > 0)
            .ToDictionary(p => $"{p[0]} {p[1]} {OfFile}", p => string.Join(' ', p));
        var expected = shipped.Select(s => inWords.GetValueOrDefault(s, s)).Order(StringComparer.Ordinal);
        listed.ShouldBe([.. expected], customMessage: $"{List} must have these lines.");
    }

    private static IEnumerable<string> Shipped()
    {
        using var json = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "IndustryData.WebApi.deps.json"))
        );
        foreach (var library in json.RootElement.GetProperty("libraries").EnumerateObject())
        {
            if (library.Value.GetProperty("type").GetString() == "package")
            {
                var (name, version) = library.Name.Split('/') is [var id, var number] ? (id, number) : default;
                yield return $"{name} {version} {LicenseOf(name!, version!)}";
            }
        }
    }

    private static string LicenseOf(string name, string version)
    {
        var folder =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var id = name.ToLowerInvariant();
        var package = XDocument.Load(Path.Combine(folder, id, version.ToLowerInvariant(), $"{id}.nuspec"));
        var license = package.Descendants().First(e => e.Name.LocalName == "license");
        return license.Attribute("type")?.Value == "expression" ? license.Value : OfFile;
    }
}
