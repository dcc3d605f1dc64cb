namespace IndustryData.Dashboard.BrowserTests;

/// <summary>Every page is reached with the key Tab alone, and shows where the focus is.</summary>
public sealed class KeyboardTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    // More than any page has; a page whose focus never leaves fails.
    private const int MaxSteps = 500;

    public static TheoryData<string> Paths() =>
        [.. AppearanceTests.Pages().Select(row => row.Data.Item1).Distinct(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Focus_visits_every_control_in_the_order_of_the_page_and_is_visible(string path)
    {
        AllowsErrorPages = IsErrorPage(path);
        var page = await OpenAsync(UrlOf(path), options => options.ViewportSize = new() { Width = 1280, Height = 800 });
        if (await page.Locator("#fresh").CountAsync() > 0)
        {
            await page.Locator("body[data-renewed]").WaitForAsync();
        }

        // Other tests report runs. A page that follows changes is paused, so that it keeps its controls.
        if (await page.Locator("p.stream").CountAsync() > 0)
        {
            await page.Locator("p.stream").WaitForAsync();
            await page.EvaluateAsync("document.getElementById('pause').click()");
            await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        }

        // A list with a row of each kind is enough; the other rows have the same controls.
        await page.EvaluateAsync(
            """
            () => {
              // Other tests report runs. The content must stay as it is.
              document.getElementById('fresh')?.removeAttribute('id');
              for (const row of document.querySelectorAll('tbody tr:nth-child(n+4)')) row.remove();
              for (const bar of document.querySelectorAll('.bars a:nth-of-type(n+4)')) bar.remove();
            }
            """
        );
        var seen = new List<int>();
        for (var step = 0; step < MaxSteps; step++)
        {
            await page.Keyboard.PressAsync("Tab");
            var at = await page.EvaluateAsync<Focus?>(
                """
                () => {
                  const all = [...document.querySelectorAll('*')];
                  const element = document.activeElement;
                  if (!element || element === document.body) return null;
                  const style = getComputedStyle(element);
                  // A part of a chart has no outline; its shape gets a wide one.
                  const shape = getComputedStyle(element.querySelector('.column, .block') ?? element);
                  const isMarked = shape.stroke !== 'none' && parseFloat(shape.strokeWidth) >= 3;
                  return {
                    Place: all.indexOf(element),
                    IsVisible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 || isMarked,
                    Html: element.outerHTML.slice(0, 120),
                  };
                }
                """
            );
            if (at is not null && seen.Count > 0 && at.Place == seen[^1])
            {
                // The next part of a control, such as the minutes of a time.
                continue;
            }

            if (at is null || seen.Contains(at.Place))
            {
                break;
            }

            at.IsVisible.ShouldBeTrue(at.Html);
            seen.Add(at.Place);
        }

        seen.Count.ShouldBeInRange(3, MaxSteps - 1);
        seen.ShouldBeInOrder(SortDirection.Ascending);
        // The last control of each page is the link of its footer.
        var missed = await page.EvaluateAsync<string[]>(
            """
            seen => {
              const all = [...document.querySelectorAll('*')];
              const selector = 'a[href], button, input:not([type=hidden]), summary, textarea';
              const controls = [...document.querySelectorAll(selector)];
              const isAlone = c => c.type !== 'radio' || c.checked;
              return controls.filter(c => c.checkVisibility({ visibilityProperty: true }) && isAlone(c))
                .filter(c => !seen.includes(all.indexOf(c))).map(c => c.outerHTML.slice(0, 120));
            }
            """,
            seen
        );
        missed.ShouldBeEmpty();
    }

    private sealed record Focus(int Place, bool IsVisible, string Html)
    {
        public Focus()
            : this(0, false, "") { }
    }
}
