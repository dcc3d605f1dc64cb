namespace IndustryData.Dashboard.BrowserTests;

/// <summary>What a page shows while the next one, or a part of it, is under way.</summary>
public sealed class LoadingTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    private const string PositionOfBar = "getComputedStyle(document.body, '::before').position";
    private const string Opacity = "getComputedStyle(document.querySelector('.scroll')).opacity";

    [Fact]
    public async Task Navigation_shows_a_bar_and_dims_the_old_rows_until_the_next_page_is_there()
    {
        var page = await OpenAsync("/ui/runs");
        var answer = await HoldAsync(page, "**/ui/trends", route => route.ContinueAsync());
        await page.EvaluateAsync("document.querySelector('nav a[href$=trends]').click()");
        await Poll.UntilAsync(() => IsLeavingAsync(page), "the bar");

        (await page.EvaluateAsync<string>(Opacity)).ShouldBe("0.5");
        (await page.EvaluateAsync<string>(PositionOfBar)).ShouldBe("fixed");
        (await page.EvaluateAsync<int>("document.querySelectorAll('tr[data-run]').length")).ShouldBeGreaterThan(0);
        answer.SetResult();

        await page.WaitForURLAsync("**/ui/trends");
        (await IsLeavingAsync(page)).ShouldBeFalse();
    }

    [Fact]
    public async Task Nothing_is_shown_for_150_ms_and_a_page_that_comes_back_is_as_before()
    {
        var page = await OpenAsync("/ui/settings");
        await page.Clock.InstallAsync();
        await page.GotoAsync("ui/runs");
        await page.Clock.PauseAtAsync(DateTime.UtcNow.AddHours(1));
        await page.EvaluateAsync("dispatchEvent(new Event('beforeunload'))");

        await page.Clock.RunForAsync(149);
        (await IsLeavingAsync(page)).ShouldBeFalse();
        await page.Clock.RunForAsync(1);
        (await IsLeavingAsync(page)).ShouldBeTrue();
        await page.EvaluateAsync("dispatchEvent(new Event('pageshow'))");
        (await IsLeavingAsync(page)).ShouldBeFalse();
    }

    [Fact]
    public async Task Page_that_stays_is_as_before_after_escape()
    {
        var page = await OpenAsync("/ui/runs");
        var answer = await HoldAsync(page, "**/ui/trends", route => route.FulfillAsync(new() { Status = 204 }));
        await page.EvaluateAsync("document.querySelector('nav a[href$=trends]').click()");
        await Poll.UntilAsync(() => IsLeavingAsync(page), "the bar");

        await page.EvaluateAsync("dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))");

        (await IsLeavingAsync(page)).ShouldBeFalse();
        (await page.EvaluateAsync<string>(Opacity)).ShouldBe("1");
        answer.SetResult();
    }

    [Fact]
    public async Task Update_shows_a_bar_and_does_not_dim_what_is_shown()
    {
        var page = await OpenAsync("/ui");
        await page.Locator("body[data-renewed]").WaitForAsync();
        var answer = await HoldAsync(page, "**/ui", route => route.ContinueAsync());
        await Dashboard.AddRunAsync("Run of an update", "completed");

        await page.Locator("body[data-renewing]").WaitForAsync();
        (await page.EvaluateAsync<string>(Opacity)).ShouldBe("1");
        (await page.EvaluateAsync<string>(PositionOfBar)).ShouldBe("fixed");
        answer.SetResult();

        await Assertions.Expect(page.Locator("body[data-renewing]")).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByText("Run of an update").First).ToBeVisibleAsync();
    }

    // The requests of a URL wait until the result is set.
    private static async Task<TaskCompletionSource> HoldAsync(IPage page, string url, Func<IRoute, Task> answer)
    {
        var release = new TaskCompletionSource();
        await page.RouteAsync(
            url,
            async route =>
            {
                await release.Task;
                await answer(route);
            }
        );
        return release;
    }

    private static Task<bool> IsLeavingAsync(IPage page) =>
        page.EvaluateAsync<bool>("'leaving' in document.body.dataset");
}
