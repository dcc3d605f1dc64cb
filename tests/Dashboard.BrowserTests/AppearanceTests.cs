using System.Text.Json;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>Every page in both themes and two widths: accessibility, layout, and a screenshot.</summary>
public sealed class AppearanceTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    internal static readonly AxeRunOptions Rules = new()
    {
        RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] },
    };

    public static TheoryData<string, string, int> Pages()
    {
        var data = new TheoryData<string, string, int>();
        foreach (
            var page in (string[])
                [
                    "",
                    "/runs",
                    "/runs/{failed}",
                    "/timeline",
                    "/trends",
                    "/trends?range=1y",
                    "/live",
                    "/settings",
                    "/sign-in",
                    "/nothing",
                    "/runs?$filter=bogus",
                ]
        )
        {
            foreach (var theme in (string[])["light", "dark"])
            {
                data.Add(page, theme, 1280);
                data.Add(page, theme, 320);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Page_is_accessible_and_fits_its_width(string path, string theme, int width)
    {
        AllowsErrorPages = IsErrorPage(path);
        // The system decides about the theme of wide pages, and the settings about that of narrow ones.
        var isBySettings = width < 1280;
        var page = await OpenAsync(
            UrlOf(path),
            options =>
            {
                options.ViewportSize = new ViewportSize { Width = width, Height = 800 };
                options.ColorScheme = theme == "dark" == isBySettings ? ColorScheme.Light : ColorScheme.Dark;
                options.StorageState = isBySettings ? ChoiceOf(theme) : null;
            }
        );

        (await page.Locator("html").GetAttributeAsync("data-theme")).ShouldBe(isBySettings ? theme : "auto");
        var name =
            path.Length == 0 ? "overview" : string.Concat(path.Where(c => char.IsAsciiLetterOrDigit(c) || c == '/'));
        await Screenshots.KeepAsync(page, $"{name.Trim('/').Replace('/', '-')}-{theme}-{width}");
        var found = await page.RunAxe(Rules);
        found.Violations.Select(v => $"{v.Id}: {string.Join(" | ", v.Nodes.Select(n => n.Html))}").ShouldBeEmpty();
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
    }

    [Theory]
    [InlineData("light", ColorScheme.Dark)]
    [InlineData("dark", ColorScheme.Light)]
    public async Task Theme_of_the_settings_overrides_that_of_the_system(string theme, ColorScheme system)
    {
        var page = await OpenAsync("/ui/settings", options => options.ColorScheme = system);
        async Task<string> BackgroundAsync() =>
            await page.EvaluateAsync<string>("getComputedStyle(document.documentElement).backgroundColor");
        var before = await BackgroundAsync();

        await page.GetByLabel(theme == "light" ? "Light" : "Dark", new() { Exact = true }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Store" }).ClickAsync();

        await page.GetByText("The choices are stored").WaitForAsync();
        (await BackgroundAsync()).ShouldNotBe(before);
    }

    [Fact]
    public async Task Motion_of_the_settings_overrides_that_of_the_system()
    {
        var page = await OpenAsync("/ui/settings", options => options.ReducedMotion = ReducedMotion.NoPreference);
        async Task<string[]> MotionAsync() =>
            await page.EvaluateAsync<string[]>(
                """
                () => {
                  document.body.dataset.leaving = 'yes';
                  return [
                    getComputedStyle(document.documentElement).viewTransitionName,
                    getComputedStyle(document.body, '::before').animationName,
                  ];
                }
                """
            );
        (await MotionAsync()).ShouldBe(["root", "loading"]);

        await page.GetByLabel("Reduced").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Store" }).ClickAsync();

        await page.GetByText("The choices are stored").WaitForAsync();
        (await MotionAsync()).ShouldBe(["none", "none"]);
        (await page.GetByLabel("Reduced").IsCheckedAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Icon_of_a_running_run_turns_unless_motion_is_reduced()
    {
        var run = await Dashboard.AddRunAsync("Run with an icon that turns", "running");
        var page = await OpenAsync($"/ui/runs/{run}", options => options.ReducedMotion = ReducedMotion.NoPreference);
        Task<string> AnimationAsync() =>
            page.EvaluateAsync<string>(
                "getComputedStyle(document.querySelector('.status.running'), '::before').animationName"
            );
        (await AnimationAsync()).ShouldBe("turn");

        await SetChoiceAsync(page, "ui-motion", "reduced");
        (await AnimationAsync()).ShouldBe("none");

        await SetChoiceAsync(page, "ui-motion", "auto");
        await page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        (await AnimationAsync()).ShouldBe("none");
    }

    [Fact]
    public async Task About_names_the_database_and_the_licenses_of_packages()
    {
        var page = await OpenAsync("/ui/settings", options => options.JavaScriptEnabled = false);
        var about = page.Locator("section[aria-labelledby=about-heading]");

        (await about.Locator("dt:text-is('PostgreSQL') + dd").InnerTextAsync()).ShouldMatch(@"^1[5-9]\.\d+$");
        await page.GetByText("The licenses of the packages").ClickAsync();
        await Assertions.Expect(page.Locator("#packages li").First).ToBeVisibleAsync();
        (await page.Locator("#packages li").CountAsync()).ShouldBeGreaterThan(20);
        await Assertions
            .Expect(page.Locator("#packages li", new() { HasText = "Npgsql 10." }))
            .ToContainTextAsync(": PostgreSQL");
    }

    [Fact]
    public async Task Every_page_of_the_navigation_is_tested()
    {
        var page = await OpenAsync("/ui");
        var links = await page.Locator("nav[aria-label=Pages] a")
            .EvaluateAllAsync<string[]>("a => a.map(x => x.pathname)");

        links.Select(l => l["/ui".Length..]).ShouldBeSubsetOf(Pages().Select(row => row.Data.Item1));
    }

    private static string ChoiceOf(string theme) =>
        JsonSerializer.Serialize(
            new
            {
                cookies = new[]
                {
                    new
                    {
                        name = "ui-theme",
                        value = theme,
                        domain = "127.0.0.1",
                        path = "/",
                        expires = -1,
                        httpOnly = false,
                        secure = false,
                        sameSite = "Lax",
                    },
                },
                origins = Array.Empty<object>(),
            }
        );
}
