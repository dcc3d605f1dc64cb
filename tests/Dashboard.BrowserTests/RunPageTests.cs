using System.Net.Http.Json;
using System.Text.Json;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>The page of a run: copying, ending, deleting, and a run that is not there.</summary>
public sealed class RunPageTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    private const string Confirmation = "Click again to confirm";

    [Fact]
    public async Task Button_copies_the_id_and_the_request_without_its_own_text()
    {
        var page = await OpenAsync($"/ui/runs/{Dashboard.FailedRun}");
        await UseClipboardAsync(page);
        async Task<string> CopyAsync(string selector)
        {
            await page.Locator($"{selector} .copy").First.ClickAsync();
            await Assertions.Expect(page.Locator($"{selector} .copy").First).ToHaveTextAsync("Copied");
            return await ReadClipboardAsync(page);
        }

        (await CopyAsync("code[data-copy]")).ShouldBe(Dashboard.FailedRun);
        (await CopyAsync("pre[data-copy]")).ShouldBe(
            $"curl -H \"Authorization: Bearer $TOKEN\" {Dashboard.Service.Root}process/runs/{Dashboard.FailedRun}"
        );
    }

    [Fact]
    public async Task Times_say_how_long_ago_they_were_and_are_copied_in_utc()
    {
        var start = DateTimeOffset.UtcNow.AddHours(-3).AddMinutes(-1);
        var run = await Dashboard.AddRunAsync(
            "Run with an age",
            "completed",
            startDateTime: start,
            length: TimeSpan.FromHours(1)
        );
        var plain = await OpenAsync($"/ui/runs/{run}", options => options.JavaScriptEnabled = false);
        await Assertions.Expect(plain.Locator("time[data-age]").First).ToHaveTextAsync("3 hours ago");
        var page = await OpenAsync("/ui/settings");
        await UseClipboardAsync(page);
        await page.Clock.InstallAsync();
        await page.GotoAsync($"ui/runs/{run}");
        await page.Locator("body[data-renewed]").WaitForAsync();
        (await page.Locator(".facts dd").First.InnerTextAsync()).ShouldContain(" (3 hours ago)");
        var ages = page.Locator("time[data-age]");
        await Assertions.Expect(ages.First).ToHaveTextAsync("3 hours ago");
        await Assertions.Expect(ages.Nth(1)).ToHaveTextAsync("2 hours ago");

        await page.Clock.FastForwardAsync("01:00:00");
        await Assertions.Expect(ages.First).ToHaveTextAsync("4 hours ago");
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy UTC" }).First.ClickAsync();
        await Assertions.Expect(page.Locator(".facts .copy").First).ToHaveTextAsync("Copied");
        var copied = await ReadClipboardAsync(page);
        copied.ShouldEndWith("Z");
        (DateTimeOffset.Parse(copied, null) - start).Duration().ShouldBeLessThan(TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task People_by_role_are_a_table_and_the_error_is_copied_as_json()
    {
        var run = await Dashboard.AddRunAsync(
            "Run with roles",
            "failed",
            new { code = "sourceUnavailable", message = "No answer." },
            statistics: new
            {
                inboundTotals = new
                {
                    people = 10,
                    matchedPeopleByRole = new[] { new { role = "student", count = 6000 } },
                    unmatchedPeopleByRole = new[] { new { role = "student", count = 2000 } },
                },
            }
        );
        var page = await OpenAsync($"/ui/runs/{run}");
        await UseClipboardAsync(page);

        var row = page.GetByRole(AriaRole.Region, new() { Name = "People by role" }).Locator("tbody tr");
        await Assertions.Expect(row).ToHaveCountAsync(1);
        (await row.Locator("th, td").AllInnerTextsAsync()).ShouldBe(["student", "6\u202f000", "2\u202f000", "75.0 %"]);
        await page.GetByText("All of the error").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy the error as JSON" }).ClickAsync();
        await Assertions.Expect(page.Locator("details .copy").First).ToHaveTextAsync("Copied");
        (await ReadClipboardAsync(page)).ShouldContain("\"sourceUnavailable\"");
    }

    [Fact]
    public async Task Activities_are_shown_page_by_page_with_their_readiness()
    {
        var run = await Dashboard.AddRunAsync("Run with many activities", "running");
        for (var i = 0; i < 101; i++)
        {
            await AddActivityAsync(run, $"Activity {i:000}");
        }

        var page = await OpenAsync($"/ui/runs/{run}", options => options.JavaScriptEnabled = false);
        var names = page.GetByRole(AriaRole.Region, new() { Name = "Activities" }).Locator("tbody th");
        await Assertions.Expect(names).ToHaveCountAsync(100);
        await Assertions.Expect(page.GetByRole(AriaRole.Cell, new() { Name = "notReady" }).First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "More activities" }).ClickAsync();

        await page.WaitForURLAsync("**after=**");
        await Assertions.Expect(names).ToHaveTextAsync(["Activity 100"]);
        await page.GetByRole(AriaRole.Link, new() { Name = "First activities" }).ClickAsync();
        await Assertions.Expect(names).ToHaveCountAsync(100);
        await Dashboard.DeleteRunAsync(run);
    }

    [Fact]
    public async Task Second_click_ends_a_run_and_the_first_changes_nothing()
    {
        var run = await Dashboard.AddRunAsync("Killed job", "running");
        var page = await OpenAsync($"/ui/runs/{run}");
        var button = page.Locator("button[data-status=failed]");

        await button.ClickAsync();
        await Assertions.Expect(button).ToHaveTextAsync(Confirmation);
        (await StatusAsync(run)).ShouldBe("running");
        await button.ClickAsync();

        await Assertions.Expect(page.Locator(".lead .status")).ToHaveTextAsync("Failed");
        (await StatusAsync(run)).ShouldBe("failed");
    }

    [Fact]
    public async Task Second_click_deletes_a_run_and_shows_the_list()
    {
        var run = await Dashboard.AddRunAsync("Run of a test", "completed");
        var page = await OpenAsync($"/ui/runs/{run}");
        var button = page.Locator("button[data-method=DELETE]");

        await button.ClickAsync();
        await Assertions.Expect(button).ToHaveTextAsync(Confirmation);
        await button.ClickAsync();

        await page.WaitForURLAsync("**/ui/runs");
        (await StatusAsync(run)).ShouldBeNull();
    }

    [Fact]
    public async Task Run_that_another_changed_is_not_changed_and_the_message_of_the_interface_is_shown()
    {
        AllowsErrorPages = true;
        var run = await Dashboard.AddRunAsync("Run of two people", "running");
        var page = await OpenAsync($"/ui/runs/{run}");
        // The page as it was before the change of the other. It must not renew itself.
        await page.Locator("body[data-renewed]").WaitForAsync();
        await page.EvaluateAsync(
            """
            document.getElementById('fresh').removeAttribute('id');
            document.querySelector('button[data-status=failed]').dataset.etag = 'W/"0"';
            """
        );

        await page.Locator("button[data-status=failed]").ClickAsync();
        await page.Locator("button[data-status=failed]").ClickAsync();

        await Assertions.Expect(page.Locator("#action-error")).Not.ToBeEmptyAsync();
        (await StatusAsync(run)).ShouldBe("running");
    }

    [Fact]
    public async Task Reader_without_the_permission_to_write_sees_no_buttons_that_change()
    {
        var page = await OpenAsync(
            $"/ui/runs/{Dashboard.FailedRun}",
            options =>
                options.ExtraHTTPHeaders = [
                    new("Authorization", $"Bearer {Tokens.Make(roles: ["IndustryData-Run.Read.All"])}"),
                ]
        );

        await Assertions.Expect(page.GetByText("The source did not answer.").First).ToBeVisibleAsync();
        (await page.Locator("button[data-method]").CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Run_that_is_not_there_is_a_page_that_says_so()
    {
        AllowsErrorPages = true;
        var page = await OpenAsync($"/ui/runs/{Guid.NewGuid()}");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nothing here" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Runs", Exact = true }).ClickAsync();
        await page.WaitForURLAsync("**/ui/runs");
    }

    private async Task AddActivityAsync(string run, string name)
    {
        var activity = new Dictionary<string, object>
        {
            ["@odata.type"] = "#microsoft.graph.industryData.inboundFlowActivity",
            ["displayName"] = name,
            ["status"] = "completed",
            ["activity"] = new Dictionary<string, object>
            {
                ["@odata.type"] = "#microsoft.graph.industryData.inboundFileFlow",
                ["id"] = $"{Guid.NewGuid()}",
                ["displayName"] = name,
                ["readinessStatus"] = "notReady",
            },
        };
        using var response = await Dashboard.Service.Client.PostAsJsonAsync(
            $"process/runs/{run}/activities",
            activity,
            Cancellation
        );
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync(Cancellation));
    }

    private async Task<string?> StatusAsync(string run)
    {
        using var response = await Dashboard.Service.Client.GetAsync($"process/runs/{run}", Cancellation);
        if (response.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return null;
        }

        await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
        using var json = await JsonDocument.ParseAsync(body, cancellationToken: Cancellation);
        return json.RootElement.GetProperty("status").GetString();
    }
}
