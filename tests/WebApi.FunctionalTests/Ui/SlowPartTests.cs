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
        await using var service = await RunningService.StartAsync(
            Database.ConnectionString,
            ("Query:Timeout", "00:00:00.500")
        );
        string html;
        await using (await Database.LockAsync("LOCK TABLE run_counts IN ACCESS EXCLUSIVE MODE"))
        {
            html = await service.Client.GetStringAsync("ui", Cancellation);
        }

        html.ShouldContain("shown nevertheless");
        html.ShouldContain("<span class=\"figure\">?</span>");
    }

    [Fact]
    public async Task Overview_says_which_parts_it_could_not_read()
    {
        await AddAsync(Bodies.RunAt(0));
        await using var service = await RunningService.StartAsync(
            Database.ConnectionString,
            ("Query:Timeout", "00:00:00.500")
        );
        string html;
        await using (await Database.LockAsync("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"))
        {
            html = await service.Client.GetStringAsync("ui", Cancellation);
        }

        html.ShouldContain("This part could not be read in time.");
        html.ShouldNotContain("No run is running.");
        html.ShouldNotContain("No run has been reported yet");
    }
}
