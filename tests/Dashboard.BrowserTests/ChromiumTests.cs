using System.Globalization;
using System.Text.Json;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>The browser of the system and the one for which Playwright was made.</summary>
public sealed class ChromiumTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    [Fact]
    public async Task Browser_and_playwright_say_their_versions_and_a_difference_is_a_warning()
    {
        var path = System.IO.Path.Combine(AppContext.BaseDirectory, ".playwright", "package", "browsers.json");
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(path, Cancellation));
        var bundled = json
            .RootElement.GetProperty("browsers")
            .EnumerateArray()
            .Single(b => b.GetProperty("name").GetString() == "chromium")
            .GetProperty("browserVersion")
            .GetString()!;
        var used = Dashboard.Browser.Version;

        TestContext.Current.SendDiagnosticMessage($"Chromium {used}; Playwright was made for {bundled}");
        MajorOf(bundled).ShouldBeGreaterThan(100);
        MajorOf(used).ShouldBeGreaterThan(100);
        if (MajorOf(used) != MajorOf(bundled))
        {
            TestContext.Current.AddWarning(
                $"Chromium {used} is not the version for which Playwright was made ({bundled}). If a browser test "
                    + "fails without a reason, update the package Microsoft.Playwright or the browser."
            );
        }
    }

    private static int MajorOf(string version) => int.Parse(version.Split('.')[0], CultureInfo.InvariantCulture);
}
