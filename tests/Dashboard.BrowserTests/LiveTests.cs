using System.Net.Http.Json;
using System.Text.Json;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>The pages that follow changes.</summary>
public sealed class LiveTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    [Fact]
    public async Task Live_page_shows_a_reported_run_and_its_end()
    {
        var page = await OpenLiveAsync("/ui/live");
        var name = $"Live {Guid.NewGuid():N}";

        var id = await Dashboard.AddRunAsync(name, "running");
        await Assertions.Expect(page.Locator("#running").GetByText(name)).ToBeVisibleAsync();
        await EndAsync(id, "completed");

        await Assertions.Expect(page.Locator("#running").GetByText(name)).ToHaveCountAsync(0);
        var row = page.Locator("#changes tr", new() { HasText = name }).First;
        await Assertions.Expect(row).ToContainTextAsync("Completed");
    }

    [Fact]
    public async Task Page_of_runs_updates_its_rows_in_place_and_counts_new_ones()
    {
        var name = $"In place {Guid.NewGuid():N}";
        var id = await Dashboard.AddRunAsync(name, "running");
        var page = await OpenLiveAsync($"/ui/runs?$filter=startswith(displayName,'{name}')");
        var row = page.Locator($"tr[data-run='{id}']");
        await Assertions.Expect(row).ToContainTextAsync("Running");

        await EndAsync(id, "completedWithErrors");
        await Assertions.Expect(row).ToContainTextAsync("Completed, errors");
        await Dashboard.AddRunAsync($"{name} again", "completed");
        await Dashboard.AddRunAsync($"{name} and again", "completed");

        await Assertions.Expect(page.Locator("#new")).ToContainTextAsync("2 new or changed");
        (await page.Locator("tr[data-run]").CountAsync()).ShouldBe(1);
        await page.Locator("body").PressAsync(".");
        await Assertions.Expect(page.Locator("tr[data-run]")).ToHaveCountAsync(3);
    }

    [Fact]
    public async Task Overview_and_the_page_of_a_run_renew_themselves()
    {
        var name = $"Renewed {Guid.NewGuid():N}";
        var id = await Dashboard.AddRunAsync(name, "running");
        var overview = await OpenLiveAsync("/ui");
        var run = await OpenLiveAsync($"/ui/runs/{id}");

        await Assertions.Expect(overview.Locator("h2#running-heading + div").GetByText(name)).ToBeVisibleAsync();
        await EndAsync(id, "failed");

        await Assertions.Expect(run.Locator(".lead")).ToContainTextAsync("Failed");
        await Assertions.Expect(overview.Locator("h2#running-heading + *").GetByText(name)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Paused_page_shows_nothing_new_until_it_continues_and_then_misses_nothing()
    {
        var page = await OpenLiveAsync("/ui/live");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("paused");
        var names = Enumerable.Range(0, 5).Select(n => $"Paused {n} {Guid.NewGuid():N}").ToList();
        foreach (var name in names)
        {
            await Dashboard.AddRunAsync(name, "completed");
        }

        (await page.Locator("#changes").InnerTextAsync()).ShouldNotContain(names[0]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();

        foreach (var name in names)
        {
            await Assertions.Expect(page.Locator("#changes").GetByText(name)).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task Change_that_the_stream_sends_twice_is_shown_once()
    {
        var page = await OpenAsync("/ui/settings");
        var (once, twice) = (Guid.NewGuid(), Guid.NewGuid());
        await page.RouteAsync(
            "**/runs/delta*",
            route =>
                route.FulfillAsync(
                    new()
                    {
                        ContentType = "text/event-stream",
                        Body =
                            $"event: ready\ndata: {{}}\n\n{Event(Version(twice, 0))}{Event(Version(twice, 0))}"
                            + $"{Event(Version(twice, 1))}{Event(Version(once, 0))}",
                    }
                )
        );

        await page.GotoAsync("ui/live");

        await Assertions.Expect(page.Locator($"#changes tr[data-run='{once}']")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator($"#changes tr[data-run='{twice}']")).ToHaveCountAsync(2);

        static string Event(object run) =>
            $"event: runs\ndata: {JsonSerializer.Serialize(new { value = new[] { run } })}\n\n";

        static object Version(Guid id, int version) =>
            new Dictionary<string, object>
            {
                ["@odata.etag"] = $"W/\"{version}\"",
                ["id"] = id,
                ["displayName"] = "Sent twice",
                ["status"] = "completed",
                ["startDateTime"] = "2026-01-01T00:00:00Z",
            };
    }

    [Fact]
    public async Task Run_is_ended_and_deleted_with_a_second_click()
    {
        var id = await Dashboard.AddRunAsync($"Killed {Guid.NewGuid():N}", "running");
        var page = await OpenLiveAsync($"/ui/runs/{id}");
        var end = page.GetByRole(AriaRole.Button, new() { Name = "Failed", Exact = true });
        await end.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Click again to confirm" }).ClickAsync();
        await Assertions.Expect(page.Locator(".lead")).ToContainTextAsync("Failed");

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete the run" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Click again to confirm" }).ClickAsync();
        await page.WaitForURLAsync("**/ui/runs");
        using var response = await Dashboard.Service.Client.GetAsync($"process/runs/{id}", Cancellation);
        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }

    // A browser opens at most six connections to an origin over HTTP/1.1, so that a further page could not even load.
    [Fact]
    public async Task Seventh_tab_loads_because_hidden_tabs_hold_no_connection()
    {
        var first = await OpenLiveAsync("/ui/live");
        var hidden = new List<IPage> { first };
        for (var tab = 1; tab < 6; tab++)
        {
            // The tab before is hidden as soon as there is a newer one, as in a window.
            await ShowAsync(hidden[^1], isHidden: true);
            hidden.Add(await OpenTabAsync(first, "/ui/live"));
        }

        await ShowAsync(hidden[^1], isHidden: true);
        foreach (var page in hidden)
        {
            await page.Locator("#state", new() { HasText = "asleep" }).WaitForAsync();
        }

        var seventh = await OpenTabAsync(first, "/ui/live");
        await seventh.Locator("body[data-live=connected]").WaitForAsync();

        await ShowAsync(seventh, isHidden: true);
        await ShowAsync(first, isHidden: false);
        await first.Locator("body[data-live=connected]").WaitForAsync();
    }

    private async Task<IPage> OpenLiveAsync(string path)
    {
        var page = await OpenAsync(path);
        await page.Locator("body[data-live=connected]").WaitForAsync();
        return page;
    }

    // Without a window, Chromium takes all tabs for visible.
    private static async Task ShowAsync(IPage page, bool isHidden) =>
        await page.EvaluateAsync(
            """
            isHidden => {
                Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
                document.dispatchEvent(new Event('visibilitychange'));
            }
            """,
            isHidden
        );

    private async Task EndAsync(string id, string status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"process/runs/{id}")
        {
            Content = JsonContent.Create(
                new Dictionary<string, object> { ["status"] = status, ["endDateTime"] = DateTimeOffset.UtcNow }
            ),
        };
        using var response = await Dashboard.Service.Client.SendAsync(request, Cancellation);
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync(Cancellation));
    }
}
