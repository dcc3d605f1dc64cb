namespace IndustryData.Dashboard.BrowserTests;

/// <summary>What a page shows while the next one, or a part of it, is under way.</summary>
public sealed class LoadingTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    private const string Opacity = "getComputedStyle(document.querySelector('.scroll')).opacity";

    [Fact]
    public async Task Navigation_shows_a_bar_after_150_ms_and_dims_the_old_rows()
    {
        var page = await OpenAsync("/ui/settings");
        await page.Clock.InstallAsync();
        await page.GotoAsync("ui/runs");
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        await page.RouteAsync(
            "**/ui/trends",
            async route =>
            {
                asked.TrySetResult();
                await answer.Task;
                await route.ContinueAsync();
            }
        );
        await page.Clock.PauseAtAsync(DateTime.UtcNow.AddHours(1));
        await page.EvaluateAsync("document.querySelector('nav a[href$=trends]').click()");
        await asked.Task.WaitAsync(Cancellation);
        var body = page.Locator("body");

        await page.Clock.RunForAsync(149);
        (await body.GetAttributeAsync("data-leaving")).ShouldBeNull();
        await page.Clock.RunForAsync(1);
        (await body.GetAttributeAsync("data-leaving")).ShouldBe("yes");
        (await page.EvaluateAsync<string>(Opacity)).ShouldBe("0.5");
        (await page.EvaluateAsync<string>("getComputedStyle(document.body, '::before').position")).ShouldBe("fixed");
        (await page.Locator("tr[data-run]").CountAsync()).ShouldBeGreaterThan(0);
        answer.SetResult();

        await page.WaitForURLAsync("**/ui/trends");
        (await body.GetAttributeAsync("data-leaving")).ShouldBeNull();
    }

    [Fact]
    public async Task Page_that_stays_after_escape_is_as_before()
    {
        var page = await OpenAsync("/ui/runs");
        var answer = new TaskCompletionSource();
        await page.RouteAsync(
            "**/ui/trends",
            async route =>
            {
                await answer.Task;
                await route.AbortAsync();
            }
        );
        await page.EvaluateAsync("document.querySelector('nav a[href$=trends]').click()");
        await page.Locator("body[data-leaving]").WaitForAsync();

        await page.EvaluateAsync("dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))");

        await Assertions.Expect(page.Locator("body[data-leaving]")).ToHaveCountAsync(0);
        (await page.EvaluateAsync<string>(Opacity)).ShouldBe("1");
        answer.SetResult();
    }

    [Fact]
    public async Task Update_shows_a_bar_and_does_not_dim_what_is_shown()
    {
        var page = await OpenAsync("/ui");
        await page.Locator("body[data-renewed]").WaitForAsync();
        var answer = new TaskCompletionSource();
        await page.RouteAsync(
            "**/ui",
            async route =>
            {
                await answer.Task;
                await route.ContinueAsync();
            }
        );
        await Dashboard.AddRunAsync("Run of an update", "completed");

        await page.Locator("body[data-renewing]").WaitForAsync();
        (await page.EvaluateAsync<string>(Opacity)).ShouldBe("1");
        (await page.EvaluateAsync<string>("getComputedStyle(document.body, '::before').position")).ShouldBe("fixed");
        answer.SetResult();

        await Assertions.Expect(page.Locator("body[data-renewing]")).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByText("Run of an update").First).ToBeVisibleAsync();
    }
}
