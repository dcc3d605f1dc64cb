using IndustryData.Application.Runs;
using IndustryData.Dashboard.Charts;
using IndustryData.Dashboard.Overview;
using IndustryData.Dashboard.Parts;
using IndustryData.Dashboard.Runs;
using IndustryData.Dashboard.SingleRun;
using IndustryData.Domain.Runs;

namespace IndustryData.Dashboard.UnitTests;

public sealed class PartTests
{
    private static readonly DateTimeOffset _start = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(-5, "0.0 s")]
    [InlineData(0.25, "0.3 s")]
    [InlineData(42, "42 s")]
    [InlineData(61, "1 min 01 s")]
    [InlineData(3900, "1 h 05 min")]
    [InlineData(90000, "1 d 01 h")]
    public void Duration_has_its_two_largest_units(double seconds, string text) =>
        DurationText.Format(TimeSpan.FromSeconds(seconds)).ShouldBe(text);

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"inboundTotals":[]}""")]
    [InlineData("""{"inboundTotals":{"people":"1"}}""")]
    [InlineData("""{"inboundTotals":{"people":99999999999999999999}}""")]
    public void Totals_that_are_no_whole_numbers_are_not_shown(string? statistics) =>
        StatisticsReader.ReadTotals(statistics).People.ShouldBeNull();

    [Fact]
    public void Totals_that_are_whole_numbers_are_read_and_others_do_not_hide_them()
    {
        var totals = StatisticsReader.ReadTotals(
            """{"inboundTotals":{"people":9223372036854775807,"groups":-1,"memberships":1.5,"errors":0,"x":[1]}}"""
        );

        totals.People.ShouldBe(long.MaxValue);
        totals.Groups.ShouldBe(-1);
        totals.Memberships.ShouldBeNull();
        totals.Errors.ShouldBe(0);
        totals.Warnings.ShouldBeNull();
    }

    [Theory]
    [InlineData(0, "under a minute ago")]
    [InlineData(-59, "in under a minute")]
    [InlineData(60, "1 minute ago")]
    [InlineData(3 * 3600 + 1, "3 hours ago")]
    [InlineData(-7200, "in 2 hours")]
    [InlineData(86_400, "1 day ago")]
    [InlineData(364 * 86_400, "364 days ago")]
    [InlineData(2 * 365 * 86_400, "2 years ago")]
    public void Age_has_its_largest_unit(double seconds, string text) =>
        AgeText.Of(_start.AddSeconds(-seconds), _start).ShouldBe(text);

    [Fact]
    public void People_by_role_are_read_in_the_order_of_the_roles_and_counts_of_the_same_role_are_added()
    {
        var roles = StatisticsReader.ReadRoles(
            """
            {"inboundTotals":{
              "matchedPeopleByRole":[{"role":"student","count":9},{"role":"teacher","count":null},
                {"role":"student","count":1}],
              "unmatchedPeopleByRole":[{"role":"guardian","count":4},{"role":"student","count":2}]}}
            """
        );

        roles.ShouldBe([
            new RoleCount("student", 10, 2),
            new RoleCount("teacher", null, null),
            new RoleCount("guardian", null, 4),
        ]);
        roles.Select(RoleSection.Share).ShouldBe(["83.3 %", "–", "0.0 %"]);
    }

    [Fact]
    public void Share_of_people_is_100_percent_only_if_all_are_matched()
    {
        RoleSection.Share(new RoleCount("student", 9_999_999, 1)).ShouldBe("99.9 %");
        RoleSection.Share(new RoleCount("student", 3, 0)).ShouldBe("100.0 %");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"inboundTotals":null}""")]
    [InlineData("""{"inboundTotals":{"matchedPeopleByRole":{"role":"student"}}}""")]
    [InlineData("""{"inboundTotals":{"matchedPeopleByRole":["student",{"role":1,"count":2},{"count":3}]}}""")]
    public void People_by_role_of_another_form_are_not_shown(string statistics) =>
        StatisticsReader.ReadRoles(statistics).ShouldBeEmpty();

    [Fact]
    public void Large_counts_of_a_role_do_not_overflow()
    {
        var entries = string.Join(',', Enumerable.Repeat("""{"role":"a","count":9007199254740991}""", 1_700));

        StatisticsReader
            .ReadRoles($$$"""{"inboundTotals":{"matchedPeopleByRole":[{{{entries}}}]}}""")
            .ShouldBe([new RoleCount("a", long.MaxValue, null)]);
    }

    [Fact]
    public void Estimate_is_the_sum_of_the_statuses_of_the_filter()
    {
        var model = new RunsModel(
            RunsState.Default,
            RunFilterText.All,
            [],
            null,
            new Dictionary<string, long>
            {
                ["failed"] = 2,
                ["running"] = 3,
                ["completed"] = 5,
            },
            null,
            null,
            true,
            new Dictionary<string, RunFamilyStatistics>()
        );

        model.Estimate.ShouldBe(10);
        (model with { Filter = RunFilterText.All.Toggle("failed").Toggle("running") }).Estimate.ShouldBe(5);
        (model with { Counts = null }).Estimate.ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"code":"a"}""", "a")]
    [InlineData("""{"code":1}""", null)]
    [InlineData("[]", null)]
    [InlineData(null, null)]
    public void Code_of_a_blocking_error_is_read(string? error, string? code) => ErrorCode.Read(error).ShouldBe(code);

    [Theory]
    [InlineData("=1+1", "'=1+1", "=1+1")]
    [InlineData("@x", "'@x", "@x")]
    [InlineData("x;=1+1", "x;'=1+1", "x;=1+1")]
    [InlineData("-1,5", "\"'-1,5\"", "\"-1,5\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"", "\"say \"\"hi\"\"\"")]
    [InlineData("plain", "plain", "plain")]
    public void Cell_that_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(string text, string safe, string raw)
    {
        RunsCsvEndpoint.Cell(text, isRaw: false).ShouldBe(safe);
        RunsCsvEndpoint.Cell(text, isRaw: true).ShouldBe(raw);
    }

    [Theory]
    [InlineData(null, null, "runs.csv")]
    [InlineData("status eq 'failed'", null, "runs-status-eq-failed.csv")]
    [InlineData("contains(displayName,'a\"b/../c\r\n')", "x y", "runs-contains-displayName-a-b-c-x-y.csv")]
    [InlineData("displayName eq '成績'", null, "runs-displayName-eq.csv")]
    public void Name_of_the_file_has_the_letters_and_digits_of_the_filter(
        string? filter,
        string? search,
        string name
    ) => RunsCsvEndpoint.FileName(new RunQueryText(filter, null, search)).ShouldBe(name);

    [Fact]
    public void Name_of_the_file_is_bounded() =>
        RunsCsvEndpoint.FileName(new RunQueryText(new string('x', 16_000), null, null)).Length.ShouldBe(104);

    [Theory]
    [InlineData("completed", 10, "M0 2h32v4H0zM32 0h2v7h-2z", false, "1.0 × the median of the family, 10 min 00 s")]
    [InlineData("completed", 5, "M0 2h16v4H0zM32 0h2v7h-2z", false, "0.5 × ")]
    [InlineData("completed", 16, "M0 2h51.2v4H0zM32 0h2v7h-2z", true, "1.6 × ")]
    [InlineData("failed", 100, "M0 2h64v4H0zM32 0h2v7h-2z", true, "10.0 × ")]
    [InlineData("running", 100, "M0 2h64v4H0zM32 0h2v7h-2z", true, "2.0 × ")]
    public void Bar_of_a_duration_has_the_median_in_its_middle(
        string status,
        int minutes,
        string path,
        bool isLong,
        string text
    )
    {
        var bar = DurationBar.Of(Run(status, minutes), Usual(ended: 5), _start.AddMinutes(20)).ShouldNotBeNull();

        (bar.Path, bar.IsLong, bar.Median).ShouldBe((path, isLong, 600));
        bar.Text.ShouldStartWith(text);
    }

    [Fact]
    public void Family_with_few_ended_runs_or_without_durations_has_no_bars()
    {
        DurationBar.Of(Run("completed", 10), Usual(ended: 4), _start).ShouldBeNull();
        DurationBar.Of(Run("completed", 10), null, _start).ShouldBeNull();
        DurationBar.Of(Run("completed", null), Usual(ended: 5), _start).ShouldBeNull();
        DurationBar
            .Of(Run("completed", 10), Usual(ended: 5) with { MedianDuration = TimeSpan.Zero }, _start)
            .ShouldBeNull();
    }

    [Fact]
    public void Unknown_status_is_shown_by_its_name() => StatusLook.Of("paused").Word.ShouldBe("Unknown (paused)");

    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/St_Johns")]
    [InlineData("UTC")]
    public void Buckets_of_days_begin_at_midnight_of_the_zone_also_across_a_change_of_the_clock(string name)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(name);

        var spans = OverviewRange
            .All.Single(r => r.Key == "30d")
            .At(new DateTimeOffset(2026, 11, 15, 12, 0, 0, TimeSpan.Zero), zone);

        var starts = spans
            .SelectMany(s => Bucket.Fill([], s.Span, s.Bucket))
            .Select(b => TimeZoneInfo.ConvertTime(b.From, zone))
            .ToList();
        starts.Count.ShouldBe(30);
        starts.ShouldAllBe(s => s.TimeOfDay == TimeSpan.Zero);
        DateOnly.FromDateTime(starts[^1].DateTime).ShouldBe(new DateOnly(2026, 11, 15));
    }

    [Fact]
    public void Buckets_without_runs_are_filled()
    {
        var from = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        RunCountOfTime[] counts = [new(from.AddHours(1), "failed", 2)];

        var buckets = Bucket.Fill(counts, new StartSpan(from, from.AddHours(3)), TimeSpan.FromHours(1));

        buckets.Select(b => b.Total).ShouldBe([0, 2, 0]);
        buckets[1].Describe().ShouldBe("2 runs: 2 failed");
    }

    private static RunListItem Run(string status, int? minutes) =>
        new(
            Guid.NewGuid(),
            "Sync",
            _start,
            minutes is { } length ? _start.AddMinutes(length) : null,
            status,
            null,
            _start,
            _start,
            1
        );

    private static RunFamilyStatistics Usual(int ended) =>
        new(
            "Sync",
            _start,
            Guid.NewGuid(),
            ended,
            TimeSpan.FromMinutes(10),
            TimeSpan.FromMinutes(15),
            null,
            0,
            new InboundTotals()
        );
}
