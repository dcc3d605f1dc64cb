namespace IndustryData.Dashboard.BrowserTests;

/// <summary>Keeps screenshots of pages, for people to look at. CI stores them as an artifact.</summary>
internal static class Screenshots
{
    private const string Variable = "INDUSTRYDATA_TEST_SCREENSHOTS";

    private static string Folder =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder
            ? folder
            : Repository.PathOf("artifacts/screenshots");

    public static async Task KeepAsync(IPage page, string name)
    {
        Directory.CreateDirectory(Folder);
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}.png"), FullPage = true });
    }
}
