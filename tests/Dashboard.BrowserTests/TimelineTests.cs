using System.Globalization;
using System.Text.RegularExpressions;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>The page Timeline: cards, dragging, folded families, growing bars, and its legend.</summary>
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Family_is_folded_and_unfolded_by_keyboard_and_the_url_keeps_it(bool hasScript)
    {
        var page = await OpenFoldableAsync(hasScript ? 2 : 3, hasScript);
        var row = page.Locator(".timeline tbody tr", new() { HasText = "Folded run" });
        var fold = row.Locator(".fold");
        var tall = (await row.Locator("svg").BoundingBoxAsync())!.Height;
        await Assertions.Expect(fold).ToHaveAttributeAsync("aria-expanded", "true");

        await fold.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**&fold=*");

        await Assertions.Expect(fold).ToHaveAttributeAsync("aria-expanded", "false");
        (await row.Locator("svg").BoundingBoxAsync())!.Height.ShouldBeLessThan(tall);
        await Assertions.Expect(row.Locator("svg a")).ToHaveCountAsync(1);
        await Assertions.Expect(fold).ToBeFocusedAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Zoom out" }).ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("-09T", StringComparison.Ordinal));
        await Assertions.Expect(fold).ToHaveAttributeAsync("aria-expanded", "false");
        await fold.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(url => !url.Contains("fold=", StringComparison.Ordinal));

        await Assertions.Expect(row.Locator("svg a")).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task All_families_are_folded_with_one_click()
    {
        var page = await OpenFoldableAsync(4, hasScript: false);
        await page.GetByRole(AriaRole.Link, new() { Name = "One line a family" }).ClickAsync();

        await page.WaitForURLAsync("**&fold=all");
        (await page.Locator(".fold[aria-expanded=false]").CountAsync()).ShouldBeGreaterThan(0);
        (await page.Locator(".fold[aria-expanded=true]").CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Bar_of_a_running_run_grows_and_its_card_has_the_time_until_now()
    {
        var (page, run) = await OpenGrowingAsync("Growing first", ReducedMotion.NoPreference);
        var width = await WidthAsync(page, "Growing first");

        await page.Clock.FastForwardAsync("10:00");

        // A pixel is 7.2 seconds.
        (await WidthAsync(page, "Growing first") - width).ShouldBeInRange(82, 90);
        await page.Locator("a[data-since][aria-label^='Growing first']").FocusAsync();
        await Assertions.Expect(page.Locator(".card")).ToContainTextAsync("for 40 min");
        await Dashboard.DeleteRunAsync(run);
    }

    [Fact]
    public async Task Bar_grows_once_a_minute_with_reduced_motion()
    {
        var (page, run) = await OpenGrowingAsync("Growing second", ReducedMotion.Reduce);
        await page.Clock.FastForwardAsync("01:01");
        var width = await WidthAsync(page, "Growing second");

        await page.Clock.FastForwardAsync("00:30");
        (await WidthAsync(page, "Growing second")).ShouldBe(width);
        await page.Clock.FastForwardAsync("00:40");
        (await WidthAsync(page, "Growing second")).ShouldBeGreaterThan(width);
        await Dashboard.DeleteRunAsync(run);
    }

    [Fact]
    public async Task Bar_does_not_grow_while_the_page_is_paused()
    {
        var (page, run) = await OpenGrowingAsync("Growing third", ReducedMotion.NoPreference);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        var width = await WidthAsync(page, "Growing third");

        await page.Clock.FastForwardAsync("10:00");
        (await WidthAsync(page, "Growing third")).ShouldBe(width);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await page.Locator("body[data-live=connected]").WaitForAsync();
        await page.Clock.FastForwardAsync("00:02");
        (await WidthAsync(page, "Growing third")).ShouldBeGreaterThan(width);
        await Dashboard.DeleteRunAsync(run);
    }

    [Fact]
    public async Task Timeline_shows_a_new_run_while_it_is_open_and_a_span_in_the_past_has_no_stream()
    {
        var page = await OpenAsync("/ui/timeline");
        await page.Locator("body[data-renewed]").WaitForAsync();
        await Dashboard.AddRunAsync("Reported while the timeline is open", "completed");

        await Assertions
            .Expect(page.Locator("a[aria-label^='Reported while the timeline is open']"))
            .ToHaveCountAsync(1);
        var past = await OpenTimelineAsync();
        await Assertions.Expect(past.Locator("p.stream")).ToHaveCountAsync(0);
    }

    // Two days of a month in which no other test has runs.
    private async Task<IPage> OpenFoldableAsync(int month, bool hasScript)
    {
        var first = new DateTimeOffset(2026, month, 10, 0, 0, 0, TimeSpan.Zero);
        foreach (var hour in (int[])[1, 2])
        {
            await Dashboard.AddRunAsync(
                "Folded run",
                "completed",
                startDateTime: first.AddHours(hour),
                length: TimeSpan.FromHours(12)
            );
        }

        return await OpenAsync(
            $"/ui/timeline?from={first:yyyy-MM-dd}T00:00:00Z&to={first.AddDays(2):yyyy-MM-dd}T00:00:00Z",
            options => options.JavaScriptEnabled = hasScript
        );
    }

    // The span is 2 hours, with the current time in its middle. The run has been running for half an hour.
    private async Task<(IPage Page, string Run)> OpenGrowingAsync(string name, ReducedMotion motion)
    {
        var now = DateTimeOffset.UtcNow;
        var run = await Dashboard.AddRunAsync(name, "running", startDateTime: now.AddMinutes(-30));
        var page = await OpenAsync("/ui/settings", options => options.ReducedMotion = motion);
        await page.Clock.InstallAsync();
        await page.GotoAsync(
            $"ui/timeline?from={now.AddHours(-1):yyyy-MM-ddTHH:mm:ssZ}&to={now.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}"
        );
        await page.Locator("body[data-renewed]").WaitForAsync();
        // Other tests report runs. The content must stay as it is.
        await page.EvaluateAsync("document.getElementById('fresh').removeAttribute('id')");
        return (page, run);
    }

    private static async Task<double> WidthAsync(IPage page, string name) =>
        double.Parse(
            (await page.Locator($"a[data-since][aria-label^='{name}'] .part").GetAttributeAsync("width"))!,
            CultureInfo.InvariantCulture
        );

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
