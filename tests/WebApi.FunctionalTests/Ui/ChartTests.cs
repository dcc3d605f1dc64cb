using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Ui;

/// <summary>Compares the numbers of the charts with the public interface, for the filter of each link.</summary>
public sealed partial class ChartTests(TestDatabase database) : FunctionalTest(database)
{
    private static readonly DateTimeOffset _now = DateTimeOffset.UtcNow;

    [Theory]
    [InlineData("ui", "UTC")]
    [InlineData("ui?range=7d", "Europe/Berlin")]
    [InlineData("ui?range=30d", "America/St_Johns")]
    [InlineData("ui?range=1y", "Europe/Berlin")]
    [InlineData("ui/trends", "Europe/Berlin")]
    [InlineData("ui/trends?range=7d&family=Delta", "America/St_Johns")]
    [InlineData("ui/trends?range=90d&family=Staff's", "UTC")]
    [InlineData("ui/trends?range=1y", "Europe/Berlin")]
    public async Task Bars_count_the_runs_of_their_lists(string path, string zone)
    {
        await AddRunsAsync();
        Client.DefaultRequestHeaders.Add("Cookie", $"ui-zone={zone}");

        var links = await LinksAsync(path);

        links.ShouldNotBeEmpty();
        var shown = 0L;
        foreach (var (filter, count) in links)
        {
            (await CountAsync(filter)).ShouldBe(count, filter);
            shown += count;
        }

        shown.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Blocks_and_families_of_the_timeline_have_the_runs_of_their_lists()
    {
        await AddRunsAsync();
        var span = $"from={Time(-60 * 24 * 3)}&to={Time(60)}";

        var links = await LinksAsync($"ui/timeline?{span}");
        var html = await Client.GetStringAsync($"ui/timeline?{span}", Cancellation);
        var all = Filter(AllRuns().Match(html).Groups[1].Value);

        links.Count(l => l.Count > 1).ShouldBeGreaterThan(0);
        foreach (var (filter, count) in links)
        {
            (await CountAsync(filter)).ShouldBe(count, filter);
        }

        (await CountAsync(all)).ShouldBe(21);
        html.ShouldContain("21 runs in 3 families");
        html.ShouldContain("At most 2 were open at the same time");
        SingleRun().Count(html).ShouldBe(2);
    }

    [Fact]
    public async Task Timeline_of_some_statuses_has_their_runs_and_so_have_its_lists()
    {
        await AddRunsAsync();
        var span = $"from={Time(-60 * 24 * 3)}&to={Time(60)}";
        var path = $"ui/timeline?{span}&status=failed&status=running";

        var html = await Client.GetStringAsync(path, Cancellation);
        var others = await Client.GetStringAsync($"ui/timeline?{span}&status=completedWithWarnings", Cancellation);

        html.ShouldContain("2 runs in 2 families");
        SingleRun().Count(html).ShouldBe(2);
        (await CountAsync(Filter(AllRuns().Match(html).Groups[1].Value))).ShouldBe(2);
        html.ShouldMatch("""aria-current="true" aria-label="Show also other runs than Failed" """.TrimEnd());
        WebUtility.HtmlDecode(html).ShouldMatch("id=\"earlier\" href=\"[^\"]*&status=failed&status=running\"");
        others.ShouldContain("Show runs of every status");
    }

    [Fact]
    public async Task Timeline_of_a_span_without_runs_says_so()
    {
        await AddRunsAsync();

        var html = await Client.GetStringAsync(
            "ui/timeline?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z",
            Cancellation
        );

        html.ShouldContain("No runs were open in this span");
    }

    [Fact]
    public async Task Timeline_names_a_bad_span_and_shows_the_last_day()
    {
        var html = await Client.GetStringAsync("ui/timeline?from=today&to=2020-01-02", Cancellation);

        html.ShouldContain("from and to must be times");
    }

    [Fact]
    public async Task Durations_of_fewer_than_five_runs_are_points()
    {
        await AddRunsAsync();

        var few = await Client.GetStringAsync("ui/trends?range=7d&family=Staff", Cancellation);
        var many = await Client.GetStringAsync("ui/trends?range=7d&family=Delta", Cancellation);

        few.ShouldContain("Fewer than 5 runs");
        few.ShouldContain("duration 30 min 00 s");
        many.ShouldNotContain("Fewer than 5 runs");
        many.ShouldContain(", median 1 min 00 s; 95th percentile 1 min 00 s\"");
        many.ShouldContain(", people 100\"");
    }

    [Theory]
    [InlineData("7d", "day")]
    [InlineData("1y", "week")]
    public async Task Failures_are_shown_by_code_over_time(string range, string unit)
    {
        for (var n = 0; n < 6; n++)
        {
            var body = Body("Sync", -60 * 24 * 2, 1, "failed").TrimEnd('}').TrimEnd();
            await AddAsync($"{body}, \"blockingError\": {{ \"code\": \"Code{n % 5}\", \"message\": \"m\" }} }}");
        }

        var html = await Client.GetStringAsync($"ui/trends?range={range}", Cancellation);

        html.ShouldContain($"Failures a {unit} by error code");
        html.ShouldContain(", code0 2; code1 1; code2 1; other codes 2\"");
        var failed = FailuresOfTime().Match(html).Groups[1].Value;
        (await CountAsync(Filter(failed))).ShouldBe(6);
    }

    [Fact]
    public async Task Run_has_links_to_its_neighbors_and_is_compared_with_them()
    {
        for (var n = 0; n < 7; n++)
        {
            await AddAsync(Body($"Delta {Time(n - 60)}", n - 60, n == 5 ? 9 : 1, "completed"));
        }

        var runs = (
            await Client.GetJsonAsync(new Uri(Service.Root, "process/runs?$orderby=startDateTime"))
        ).GetProperty("value");
        var html = await Client.GetStringAsync($"ui/runs/{runs[5].Text("id")}", Cancellation);

        html.ShouldContain($"""rel="prev" href="/ui/runs/{runs[4].Text("id")}" """.TrimEnd());
        html.ShouldContain($"""rel="next" href="/ui/runs/{runs[6].Text("id")}" """.TrimEnd());
        html.ShouldContain("The last 7 ended runs took 1 min 00 s in the median");
        SingleRun().Count(html).ShouldBe(6);
    }

    // A day of short runs close together, one that runs since two days, and one of another family beside them.
    private async Task AddRunsAsync()
    {
        for (var n = 0; n < 19; n++)
        {
            await AddAsync(Body($"Delta – Nord {Time(-600 + n)}", -600 + n, 1, n == 7 ? "failed" : "completed"));
        }

        await AddAsync(Body("Export", -60 * 24 * 2, 60 * 24 * 4, "running"));
        await AddAsync(Body("Staff's import <b>", -60 * 24, 30, "completedWithErrors"));
        await AddAsync(Body("Delta – Nord of last month", -60 * 24 * 20, 30, "completed"));
        await AddAsync(Body("Backup", -60 * 24 * 5, 30, "completed"));
    }

    private static string Body(string name, int minute, int length, string status) =>
        $$"""{"displayName":"{{name}}","startDateTime":"{{Time(minute)}}","endDateTime":"{{Time(minute + length)}}","""
        + $$""" "status":"{{status}}","statistics":{"inboundTotals":{"people":{{length * 100}}} } }""";

    private static string Time(int minutes) =>
        _now.AddMinutes(minutes).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private async Task<List<(string Filter, long Count)>> LinksAsync(string path)
    {
        var html = await Client.GetStringAsync(path, Cancellation);
        return
        [
            .. Link()
                .Matches(html)
                .Select(m =>
                    (
                        Filter(m.Groups[1].Value),
                        m.Groups[2].Value == "no" ? 0 : long.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)
                    )
                ),
        ];
    }

    private static string Filter(string query) => Uri.UnescapeDataString(WebUtility.HtmlDecode(query));

    private async Task<long> CountAsync(string filter)
    {
        var url = $"process/runs?$top=1&$count=true&$filter={Uri.EscapeDataString(filter)}";
        return (await Client.GetJsonAsync(new Uri(Service.Root, url))).GetProperty("@odata.count").GetInt64();
    }

    [GeneratedRegex("""<a href="/ui/runs\?\$filter=([^"&]+)" aria-label="(?:[^"]*, )?(\d+|no) runs?[:; "f]""")]
    private static partial Regex Link();

    [GeneratedRegex("""<a href="/ui/runs\?\$filter=([^"&]+)">These runs as a list""")]
    private static partial Regex AllRuns();

    [GeneratedRegex("""<a href="/ui/runs\?\$filter=([^"&]+)" aria-label="[^"]*, code0 2""")]
    private static partial Regex FailuresOfTime();

    [GeneratedRegex("""<a href="/ui/runs/[0-9a-f-]{36}" aria-label=""")]
    private static partial Regex SingleRun();
}
