namespace IndustryData.WebApi.FunctionalTests.Hosting;

/// <summary>
/// A folder below the machine's temporary folder, reachable for every account, that goes when the test ends.
/// </summary>
public sealed class TestFolder : IDisposable
{
    public TestFolder()
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"industrydata-{Guid.NewGuid():N}"[..24]);
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
