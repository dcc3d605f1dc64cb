using System.Text.RegularExpressions;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>The page Timeline: cards, dragging, and the statuses of its legend.</summary>
public sealed partial class TimelineTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    [Fact]
    public async Task Card_of_a_bar_is_the_same_for_pointer_and_focus_and_escape_closes_it()
    {
        var page = await OpenTimelineAsync();
        var bar = page.Locator(".timeline a[aria-label]").First;
        var card = page.Locator(".card");
        var name = (await bar.GetAttributeAsync("aria-label"))!;
        await Assertions.Expect(card).ToBeHiddenAsync();

        await bar.Locator(".block").HoverAsync();
        await Assertions.Expect(card).ToBeVisibleAsync();
        var hovered = await card.InnerHTMLAsync();
        await page.Mouse.MoveAsync(0, 0);
        await Assertions.Expect(card).ToBeHiddenAsync();
        await bar.FocusAsync();

        await Assertions.Expect(card).ToBeVisibleAsync();
        (await card.InnerHTMLAsync()).ShouldBe(hovered);
        string.Join("; ", await card.Locator("p").AllTextContentsAsync()).ShouldBe(name);
        var box = (await card.BoundingBoxAsync())!;
        box.X.ShouldBeInRange(0, 1280 - box.Width);
        box.Y.ShouldBeInRange(0, 800 - box.Height);
        var url = page.Url;
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(card).ToBeHiddenAsync();
        page.Url.ShouldBe(url);
    }

    [Fact]
    public async Task Card_stays_while_the_pointer_is_on_it()
    {
        var page = await OpenTimelineAsync();
        var card = page.Locator(".card");
        await page.Locator(".timeline a .block").First.HoverAsync();
        await Assertions.Expect(card).ToBeVisibleAsync();

        await card.HoverAsync();
        await page.EvaluateAsync("new Promise(done => setTimeout(done, 400))");

        await Assertions.Expect(card).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Dragging_over_the_bars_shows_the_marked_time()
    {
        var page = await OpenTimelineAsync();
        var (left, top) = await EmptyRowAsync(page);
        await page.Mouse.MoveAsync(left + 250, top);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(left + 500, top, new() { Steps = 3 });
        await Assertions.Expect(page.Locator(".brush")).ToBeVisibleAsync();
        await page.Mouse.UpAsync();

        await page.WaitForURLAsync(url => !url.Contains("2026-01-02", StringComparison.Ordinal));
        // A pixel is 86 seconds.
        var times = Span(page).Split('&').Select(p => DateTimeOffset.Parse(p.Split('=')[1], null)).ToList();
        (times[0] - new DateTimeOffset(2026, 1, 1, 6, 0, 0, TimeSpan.Zero)).TotalMinutes.ShouldBeInRange(-2, 2);
        (times[1] - new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero)).TotalMinutes.ShouldBeInRange(-2, 2);
        await Assertions.Expect(page.GetByText("No runs were open in this span")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Dragging_is_given_up_with_escape_and_a_click_is_no_drag()
    {
        var page = await OpenTimelineAsync();
        var url = page.Url;
        var (left, top) = await EmptyRowAsync(page);
        await page.Mouse.MoveAsync(left + 250, top);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(left + 500, top);
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".brush")).ToBeHiddenAsync();
        await page.Mouse.UpAsync();
        await page.Mouse.ClickAsync(left + 250, top);

        page.Url.ShouldBe(url);
    }

    [Fact]
    public async Task Dragging_the_axis_moves_the_span_and_keeps_the_statuses()
    {
        var page = await OpenTimelineAsync("&status=completed");
        var axis = (await page.Locator(".axis-row svg").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(axis.X + 500, axis.Y + 8);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(axis.X + 250, axis.Y + 8, new() { Steps = 3 });
        await page.Mouse.UpAsync();

        await page.WaitForURLAsync(url => url.Contains("T06%3A00", StringComparison.Ordinal));
        Span(page).ShouldBe("from=2026-01-01T06:00:00.000Z&to=2026-01-02T06:00:00.000Z&status=completed");
    }

    [Fact]
    public async Task Legend_shows_the_runs_of_a_status()
    {
        var page = await OpenAsync("/ui/timeline");
        await page.GetByRole(AriaRole.Link, new() { Name = "Show only Failed" }).ClickAsync();

        await page.WaitForURLAsync("**status=failed");
        var names = await page.Locator(".timeline a[aria-label]")
            .EvaluateAllAsync<string[]>("all => all.map(a => a.getAttribute('aria-label'))");
        names.ShouldNotBeEmpty();
        names.ShouldAllBe(n => n.Contains("; failed;") || n.Contains("; worst: failed;"));
    }

    // A day on which no other test has runs. The name contains what separates the parts of the name of a bar.
    private async Task<IPage> OpenTimelineAsync(string query = "")
    {
        await Dashboard.AddRunAsync("Old; run", "completed", startDateTime: new(2026, 1, 1, 1, 0, 0, TimeSpan.Zero));
        return await OpenAsync($"/ui/timeline?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z{query}");
    }

    private static async Task<(float Left, float Middle)> EmptyRowAsync(IPage page)
    {
        var box = (await page.GetByRole(AriaRole.Img, new() { NameRegex = OpenRuns() }).BoundingBoxAsync())!;
        return (box.X, box.Y + (box.Height / 2));
    }

    private static string Span(IPage page) => Uri.UnescapeDataString(new Uri(page.Url).Query[1..]);

    [GeneratedRegex("^Open runs over time")]
    private static partial Regex OpenRuns();
}
