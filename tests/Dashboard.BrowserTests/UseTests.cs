using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>What people do on the pages, with a mouse, by keyboard alone, and without scripts.</summary>
public sealed partial class UseTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    [Fact]
    public async Task Failure_of_the_night_is_two_clicks_from_the_overview_and_its_json_one_more()
    {
        var page = await OpenAsync("/ui");

        await page.GetByRole(AriaRole.Link, new() { NameRegex = Failed() }).First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Run with an error" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The source did not answer.").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "JSON", Exact = true }).ClickAsync();

        (await page.ContentAsync()).ShouldContain("sourceUnavailable");
    }

    [Fact]
    public async Task Name_with_markup_is_shown_as_text()
    {
        var page = await OpenAsync("/ui/runs");

        await Assertions
            .Expect(page.GetByRole(AriaRole.Link, new() { Name = DashboardFixture.DifficultNames[0] }))
            .ToBeVisibleAsync();
        (await page.TitleAsync()).ShouldContain("Runs");
    }

    [Fact]
    public async Task Times_follow_the_zone_of_the_browser_or_of_the_settings()
    {
        var page = await OpenAsync($"/ui/runs/{Dashboard.FailedRun}");
        var time = page.Locator("dd time").First;
        var utc = DateTimeOffset.Parse((await time.GetAttributeAsync("datetime"))!, null);
        var zone = TimeZoneInfo.FindSystemTimeZoneById("America/St_Johns");

        (await time.TextContentAsync())!.ShouldStartWith($"{TimeZoneInfo.ConvertTime(utc, zone):yyyy-MM-dd HH:mm:ss} ");
        await SetChoiceAsync(page, "ui-zone", "utc");
        (await time.TextContentAsync()).ShouldBe($"{utc:yyyy-MM-dd HH:mm:ss} UTC");
    }

    [Fact]
    public async Task Bounds_of_the_form_are_times_of_the_browser_and_stay_the_same()
    {
        var page = await OpenAsync("/ui/runs");
        await page.GetByLabel("From").FillAsync("2026-01-02T03:04:05");
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply", Exact = true }).ClickAsync();

        await page.WaitForURLAsync("**filter=**");
        Uri.UnescapeDataString(page.Url).ShouldContain("startDateTime ge 2026-01-02T06:34:05Z");
        (await page.GetByLabel("From").InputValueAsync()).ShouldBe("2026-01-02T03:04:05");
    }

    [Fact]
    public async Task Filter_of_the_controls_is_a_filter_of_the_interface_and_each_condition_can_be_removed()
    {
        var page = await OpenAsync("/ui/runs");
        await page.GetByLabel("Name contains").FillAsync("SIS nightly");
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply", Exact = true }).ClickAsync();
        await page.Locator("ul[aria-label=Statuses] a", new() { HasText = "Failed" }).ClickAsync();

        await page.WaitForURLAsync("**failed**");
        Uri.UnescapeDataString(new Uri(page.Url).Query)
            .ShouldBe("?$filter=status eq 'failed' and contains(displayName,'SIS nightly')");
        await page.Locator("ul[aria-label=Conditions] a", new() { HasText = "SIS nightly" }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("nightly", StringComparison.Ordinal));
        Uri.UnescapeDataString(new Uri(page.Url).Query).ShouldBe("?$filter=status eq 'failed'");
    }

    [Fact]
    public async Task Invalid_filter_is_shown_with_the_message_of_the_interface_and_kept()
    {
        AllowsErrorPages = true;
        var page = await OpenAsync("/ui/runs?$filter=bogus eq 1");

        (await page.Locator("#filter-error").TextContentAsync()).ShouldNotBeNull().ShouldContain("bogus");
        (await page.Locator("#filter-text").InputValueAsync()).ShouldBe("bogus eq 1");
    }

    [Fact]
    public async Task Older_runs_follow_the_first_page_and_no_run_is_shown_twice()
    {
        var page = await OpenAsync("/ui/runs?$top=25");
        var first = await IdsAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await page.WaitForURLAsync("**skiptoken**");
        var second = await IdsAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "First", Exact = true }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("skiptoken", StringComparison.Ordinal));

        first.Length.ShouldBe(25);
        second.Length.ShouldBe(25);
        first.Intersect(second).ShouldBeEmpty();
        (await IdsAsync(page)).Length.ShouldBe(25);
    }

    [Fact]
    public async Task Csv_has_the_runs_of_the_filter_and_no_formulas()
    {
        await Dashboard.AddRunAsync("=1+1", "completedWithErrors");
        var page = await OpenAsync("/ui/runs?$filter=displayName eq '=1%2B1'");

        // The header with the token is not sent with a download, so the test sends the request of the link itself.
        var url = await page.GetByRole(AriaRole.Link, new() { Name = "CSV" }).GetAttributeAsync("href");
        var response = await page.APIRequest.GetAsync(url!);
        var text = await response.TextAsync();

        var lines = text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldStartWith("\uFEFFid,displayName,");
        lines.Length.ShouldBe(2);
        lines[1].ShouldContain(",'=1+1,");
    }

    [Fact]
    public async Task Table_of_a_chart_is_downloaded_as_csv_without_formulas()
    {
        await Dashboard.AddRunAsync("Run with a code", "failed", new { code = "=1+1, \"2\"", message = "No." });
        var page = await OpenAsync("/ui/trends?family=Run with a code");
        await page.Locator("#codes-table summary").ClickAsync();

        var file = await page.RunAndWaitForDownloadAsync(() =>
            page.Locator("#codes-table").GetByRole(AriaRole.Button, new() { Name = "Download" }).ClickAsync()
        );
        file.SuggestedFilename.ShouldEndWith(".csv");
        var lines = await File.ReadAllLinesAsync(await file.PathAsync(), Cancellation);
        lines.Length.ShouldBe(await page.Locator("#codes-table tr").CountAsync());
        lines.Length.ShouldBeGreaterThan(1);
        lines[0].ShouldBe("Start,\"'=1+1, \"\"2\"\"\"");
    }

    [Fact]
    public async Task Pages_are_used_by_keyboard_alone()
    {
        var page = await OpenAsync("/ui");

        await page.Keyboard.PressAsync("Tab");
        (await page.EvaluateAsync<string>("document.activeElement.textContent")).ShouldBe("Skip to the content");
        await page.Keyboard.PressAsync("Enter");
        (await page.EvaluateAsync<string>("document.activeElement.id")).ShouldBe("main");
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("r");
        await page.WaitForURLAsync("**/ui/runs");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("k");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/ui/runs/*");
        await page.Keyboard.PressAsync("Escape");
        await page.WaitForURLAsync("**/ui/runs");
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("nightly Bergland");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**search=**");
        (await page.Locator("tr[data-run]").CountAsync()).ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("/runs")]
    [InlineData("/timeline")]
    public async Task One_switch_turns_all_keys_of_one_letter_off(string path)
    {
        var page = await OpenAsync(UrlOf(path));
        await UseClipboardAsync(page);
        await page.EvaluateAsync("navigator.clipboard.writeText('before')");
        await SetChoiceAsync(page, "ui-keys", "off");
        var url = page.Url;

        foreach (var key in (string[])["/", "?", "c", "j", "k", "p", ".", "[", "]", "+", "-", "Escape", "g", "o"])
        {
            await page.Keyboard.PressAsync(key);
        }

        (await page.EvaluateAsync<string>("document.activeElement.tagName")).ShouldBe("BODY");
        (await ReadClipboardAsync(page)).ShouldBe("before");
        (await page.Locator("dialog").CountAsync()).ShouldBe(0);
        await Assertions.Expect(page.Locator("#pause", new() { HasText = "Continue" })).ToHaveCountAsync(0);
        page.Url.ShouldBe(url);
    }

    [Fact]
    public async Task Question_mark_lists_the_keys_and_escape_closes_the_list()
    {
        var page = await OpenAsync("/ui/runs");
        var list = page.GetByRole(AriaRole.Dialog, new() { Name = "Keys" });

        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(list).ToBeVisibleAsync();
        (await list.Locator("kbd").AllTextContentsAsync()).ShouldBe([
            "?",
            "/",
            "g o",
            "g r",
            "g t",
            "g s",
            "g l",
            "j",
            "k",
            "Enter",
            "Esc",
            ".",
            "p",
            "c",
            "[",
            "]",
            "+",
            "-",
        ]);
        (await page.RunAxe(AppearanceTests.Rules)).Violations.ShouldBeEmpty();
        await page.Keyboard.PressAsync("Escape");

        await Assertions.Expect(list).ToBeHiddenAsync();
        page.Url.ShouldEndWith("/ui/runs");
    }

    [Fact]
    public async Task Key_copies_the_link_to_the_page()
    {
        var page = await OpenAsync("/ui/runs?$top=25");
        await UseClipboardAsync(page);

        await page.Keyboard.PressAsync("c");

        await Assertions.Expect(page.Locator("#announce.toast")).ToHaveTextAsync("The link to this page is copied");
        (await ReadClipboardAsync(page)).ShouldBe(page.Url);
    }

    [Fact]
    public async Task List_goes_to_a_time_of_the_browser()
    {
        var time = DateTime.UtcNow.AddDays(-20);
        var page = await OpenAsync("/ui/runs?$top=25");
        var local = TimeZoneInfo.ConvertTimeFromUtc(time, TimeZoneInfo.FindSystemTimeZoneById("America/St_Johns"));
        await page.GetByLabel("Go to").FillAsync($"{local:yyyy-MM-ddTHH:mm}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go", Exact = true }).ClickAsync();

        await page.WaitForURLAsync("**skiptoken**");
        var first = await page.Locator("tr[data-run] time").First.GetAttributeAsync("datetime");
        (time - DateTimeOffset.Parse(first!, null).UtcDateTime).TotalDays.ShouldBeInRange(0, 2);
    }

    [Theory]
    [InlineData("", "Newest runs")]
    [InlineData("/runs", "Photo import")]
    [InlineData("/runs/{failed}", "The source did not answer.")]
    [InlineData("/timeline", "Open at the same time")]
    [InlineData("/trends", "Success rate")]
    [InlineData("/settings", "Excel and Power BI")]
    public async Task Page_works_without_scripts(string path, string text)
    {
        var page = await OpenAsync(UrlOf(path), options => options.JavaScriptEnabled = false);

        await Assertions.Expect(page.GetByText(text).First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Runs", Exact = true }).ClickAsync();
        await page.GetByLabel("Name contains").FillAsync("Bergland");
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply", Exact = true }).ClickAsync();
        await Assertions
            .Expect(page.GetByRole(AriaRole.Link, new() { NameRegex = Bergland() }).First)
            .ToBeVisibleAsync();
    }

    [Fact]
    public async Task Quick_search_for_an_id_opens_the_run()
    {
        var page = await OpenAsync("/ui");
        await page.GetByLabel("Find runs").FillAsync(Dashboard.FailedRun);
        await page.Keyboard.PressAsync("Enter");

        await page.WaitForURLAsync($"**/ui/runs/{Dashboard.FailedRun}");
    }

    private static async Task<string[]> IdsAsync(IPage page) =>
        await page.Locator("tr[data-run]").EvaluateAllAsync<string[]>("rows => rows.map(r => r.dataset.run)");

    [GeneratedRegex(@"^\s*Failed\s+\d")]
    private static partial Regex Failed();

    [GeneratedRegex("Bergland")]
    private static partial Regex Bergland();
}
