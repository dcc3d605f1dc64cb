using System.Text.RegularExpressions;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>The page of runs: order, views, columns and a list without runs.</summary>
public sealed partial class RunListTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    [Fact]
    public async Task Heading_of_a_column_sorts_the_runs_and_says_how()
    {
        var page = await OpenAsync("/ui/runs?$filter=contains(displayName,'Bergland')&$top=25");
        var heading = page.Locator("thead th", new() { HasText = "Start" });
        await Assertions.Expect(heading).ToHaveAttributeAsync("aria-sort", "descending");
        (await StartsAsync(page)).ShouldBeInOrder(SortDirection.Descending);

        await heading.GetByRole(AriaRole.Link).ClickAsync();

        await page.WaitForURLAsync("**orderby**");
        await Assertions.Expect(heading).ToHaveAttributeAsync("aria-sort", "ascending");
        var starts = await StartsAsync(page);
        starts.Length.ShouldBeGreaterThan(1);
        starts.ShouldBeInOrder(SortDirection.Ascending);
    }

    [Fact]
    public async Task View_of_the_reader_is_kept_in_the_browser_and_can_be_forgotten()
    {
        var page = await OpenAsync("/ui/runs?$filter=status eq 'failed'");
        page.Dialog += async (_, dialog) => await dialog.AcceptAsync("Mine <b>only</b>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep this view" }).ClickAsync();
        var view = page.GetByRole(AriaRole.Link, new() { Name = "Mine <b>only</b>", Exact = true });
        await Assertions.Expect(view).ToBeVisibleAsync();

        await page.GotoAsync("ui/runs");
        await view.ClickAsync();
        await page.WaitForURLAsync("**failed**");
        await page.GetByRole(AriaRole.Button, new() { Name = "Forget the view Mine <b>only</b>" }).ClickAsync();
        await Assertions.Expect(view).ToHaveCountAsync(0);
        await page.ReloadAsync();

        await Assertions.Expect(view).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task View_is_shared_by_a_link_and_kept_by_its_reader()
    {
        var page = await OpenAsync("/ui/runs?$filter=status eq 'failed'");
        await UseClipboardAsync(page);
        page.Dialog += async (_, dialog) => await dialog.AcceptAsync("My & failures");
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep this view" }).ClickAsync();
        var share = page.GetByRole(AriaRole.Button, new() { Name = "Copy a link to the view My & failures" });
        await share.ClickAsync();
        await Assertions.Expect(share).ToHaveTextAsync("Copied");
        var link = await ReadClipboardAsync(page);

        var other = await OpenAsync(new Uri(link).PathAndQuery);
        await other.GetByRole(AriaRole.Button, new() { Name = "Keep the view “My & failures”" }).ClickAsync();
        await other.GotoAsync("ui/runs");
        await other.GetByRole(AriaRole.Link, new() { Name = "My & failures", Exact = true }).ClickAsync();

        await other.WaitForURLAsync("**failed**");
        Uri.UnescapeDataString(new Uri(other.Url).Query.Replace('+', ' ')).ShouldBe("?$filter=status eq 'failed'");
    }

    [Fact]
    public async Task Duration_is_compared_with_the_family_and_follows_the_end_of_the_run()
    {
        var name = $"Compared {new string([.. Guid.NewGuid().ToString("N").Where(char.IsAsciiLetter)])}";
        for (var n = 0; n < 5; n++)
        {
            await Dashboard.AddRunAsync(name, "completed", startDateTime: DateTimeOffset.UtcNow.AddHours(-2 - n));
        }

        await Dashboard.AddRunAsync(name, "running", startDateTime: DateTimeOffset.UtcNow.AddMinutes(-15));
        var page = await OpenAsync($"/ui/runs?$filter=startswith(displayName,'{name}')");
        var bars = page.Locator(".usual path");

        // The statistics of families may be a minute old.
        await Poll.UntilAsync(
            async () =>
            {
                await page.ReloadAsync();
                return await bars.CountAsync() == 6;
            },
            TimeSpan.FromSeconds(90),
            "The runs have no bars"
        );
        (await bars.Last.GetAttributeAsync("d")).ShouldBe("M0 2h32v4H0zM32 0h2v7h-2z");
        await Assertions.Expect(page.Locator(".usual.long")).ToHaveCountAsync(1);
        var running = page.Locator("tr[data-start] .duration");
        await Assertions.Expect(running).ToHaveAttributeAsync("title", LongerThanUsual());
        var before = await running.Locator("path").GetAttributeAsync("d");
        await Assertions.Expect(running.Locator("path")).Not.ToHaveAttributeAsync("d", before!);
    }

    [Fact]
    public async Task Column_that_the_settings_hide_is_not_shown()
    {
        var page = await OpenAsync("/ui/settings");
        await page.GetByLabel("Warnings", new() { Exact = true }).UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Store" }).ClickAsync();
        await page.GetByText("The choices are stored").WaitForAsync();
        await page.GotoAsync("ui/runs");

        var titles = await page.Locator("thead th").AllTextContentsAsync();
        titles.Select(t => t.Trim()).ShouldNotContain("Warnings");
        titles.Select(t => t.Trim()).ShouldContain("Errors");
    }

    [Fact]
    public async Task Conditions_without_a_match_are_named_and_one_click_removes_each()
    {
        var page = await OpenAsync("/ui/runs?$filter=contains(displayName,'no such run')&$search=nothing");

        await Assertions.Expect(page.GetByText("No run matches these conditions")).ToBeVisibleAsync();
        await page.Locator("ul[aria-label=Conditions] a", new() { HasText = "no such run" }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("displayName", StringComparison.Ordinal));
        await page.Locator("ul[aria-label=Conditions] a", new() { HasText = "nothing" }).ClickAsync();
        await page.WaitForURLAsync("**/ui/runs");
        (await page.Locator("tr[data-run]").CountAsync()).ShouldBe(50);
    }

    private static async Task<string[]> StartsAsync(IPage page)
    {
        var column = await page.Locator("thead th")
            .EvaluateAllAsync<int>("all => all.findIndex(th => th.textContent.trim() === 'Start')");
        return await page.Locator("tr[data-run]")
            .EvaluateAllAsync<string[]>(
                "(rows, column) => rows.map(r => r.cells[column].querySelector('time').dateTime)",
                column
            );
    }

    [GeneratedRegex(@"^1\.[5-9] × the median of the family, 10 min 00 s$")]
    private static partial Regex LongerThanUsual();
}
