namespace IndustryData.Dashboard.BrowserTests;

/// <summary>Finds the browser of the system. Playwright downloads none.</summary>
public static class Chromium
{
    private const string Variable = "INDUSTRYDATA_TEST_CHROMIUM";
    private static readonly string[] _usual = ["/usr/bin/chromium", "/usr/bin/google-chrome"];

    /// <summary>The path of the browser.</summary>
    public static string Path { get; } =
        Environment.GetEnvironmentVariable(Variable) ?? Array.Find(_usual, File.Exists) ?? _usual[0];

    /// <summary>
    /// True if the browser is missing, which skips the tests. In CI, <c>./test</c> installs it, and they fail.
    /// </summary>
    public static bool IsMissing => !File.Exists(Path) && Environment.GetEnvironmentVariable("CI") is null or "";
}
