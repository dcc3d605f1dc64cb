using System.Diagnostics;
using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Ui;

/// <summary>Tests pages of which a part cannot be read in time.</summary>
[Collection(typeof(SerialTests))]
public sealed class SlowPartTests(TestDatabase database) : FunctionalTest(database)
{
    [Fact]
    public async Task Overview_shows_the_other_parts_if_a_count_takes_too_long()
    {
        await AddAsync(Bodies.RunAt(0, "shown nevertheless"));
        await using var service = await StartAsync("00:00:03");
        var html = await ReadLockedAsync(service, "ui", "run_counts");

        html.ShouldContain("shown nevertheless");
        html.ShouldContain("<span class=\"figure\">?</span>");
    }

    [Theory]
    [InlineData("ui")]
    [InlineData("ui/trends")]
    public async Task Parts_of_a_page_share_the_time_of_one_query(string path)
    {
        await AddAsync(Bodies.RunAt(0));
        await using var service = await StartAsync("00:00:04");
        var elapsed = Stopwatch.StartNew();
        var html = await ReadLockedAsync(service, path, "runs");

        // One after the other, the parts would take three times as long.
        elapsed.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        html.ShouldContain("This part could not be read in time.");
    }

    [Fact]
    public async Task Overview_says_which_parts_it_could_not_read()
    {
        await AddAsync(Bodies.RunAt(0));
        await using var service = await StartAsync();
        var html = await ReadLockedAsync(service, "ui", "runs");

        html.ShouldContain("This part could not be read in time.");
        html.ShouldNotContain("No run is running.");
        html.ShouldNotContain("No run has been reported yet");
    }

    [Fact]
    public async Task List_that_takes_too_long_is_503_with_links_to_shorter_spans()
    {
        await using var service = await StartAsync();
        await using var locked = await Database.LockAsync("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE");
        using var response = await service.Client.GetAsync("ui/runs?$filter=contains(displayName,'x')", Cancellation);
        var html = await response.Content.ReadAsStringAsync(Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        html.ShouldContain("The runs could not be read in time. Add a start time:");
        html.ShouldMatch(@"\$filter=startDateTime%20ge%20[^""]*%20and%20contains[^""]*"">the last 24 h</a>");
        html.ShouldNotContain("No run matches");
    }

    private Task<RunningService> StartAsync(string queryTimeout = "00:00:00.500") =>
        RunningService.StartAsync(Database.ConnectionString, ("Query:Timeout", queryTimeout));

    // Reads a page while all queries of a table wait.
    private async Task<string> ReadLockedAsync(RunningService service, string path, string table)
    {
        await using var locked = await Database.LockAsync($"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        return await service.Client.GetStringAsync(path, Cancellation);
    }
}
