namespace IndustryData.Dashboard.BrowserTests;

/// <summary>The page of runs: order, views, columns and a list without runs.</summary>
public sealed class RunListTests(DashboardFixture dashboard) : BrowserTest(dashboard)
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
}
