namespace IndustryData.Dashboard.BrowserTests;

/// <summary>What a page shows while the next one is under way.</summary>
public sealed class LoadingTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    [Fact]
    public async Task Bar_and_dimmed_rows_show_after_150_ms_and_a_page_that_comes_back_is_as_before()
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
        (await page.EvaluateAsync<string>("getComputedStyle(document.querySelector('.scroll')).opacity")).ShouldBe(
            "0.5"
        );
        (await page.EvaluateAsync<string>("getComputedStyle(document.body, '::before').position")).ShouldBe("fixed");
        await page.EvaluateAsync("dispatchEvent(new Event('pageshow'))");
        (await IsLeavingAsync(page)).ShouldBeFalse();
        (await page.EvaluateAsync<string>("getComputedStyle(document.querySelector('.scroll')).opacity")).ShouldBe("1");
    }

    private static Task<bool> IsLeavingAsync(IPage page) =>
        page.EvaluateAsync<bool>("'leaving' in document.body.dataset");
}
