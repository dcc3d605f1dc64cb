using CsCheck;
using IndustryData.Dashboard.Runs;

namespace IndustryData.Dashboard.UnitTests;

public sealed class RunFilterTextTests
{
    private static readonly string[] _conditions =
    [
        "status eq 'failed'",
        "status in ('failed','running')",
        "startDateTime ge 2026-01-02T03:04:05Z",
        "startDateTime lt 2026-02-02T03:04:05Z",
        "contains(displayName,'a and b')",
        "startswith(displayName,'it''s (1')",
        "statistics/inboundTotals/errors gt 0",
        "blockingError/code eq 'x or y'",
        "(status eq 'failed' or endDateTime eq null)",
        "not contains(displayName,'and')",
    ];

    [Fact]
    public void Conditions_in_any_order_keep_their_meaning() =>
        Gen.Shuffle(_conditions)
            .Select(Gen.Int[0, _conditions.Length], (shuffled, count) => shuffled.Take(count).ToList())
            .Sample(conditions =>
            {
                // A second condition on the status is kept as it is.
                var text = RunFilterText.Parse(string.Join(" and ", conditions)).ToString();
                Parts(text).ShouldBe(conditions, ignoreOrder: true);
                RunFilterText.Parse(text).ToString().ShouldBe(text);
            });

    [Fact]
    public void Any_text_is_parsed_and_its_text_is_parsed_to_the_same() =>
        Gen.String[Gen.Char["'() andorstaueqfild,"], 0, 60]
            .Sample(text =>
            {
                var once = RunFilterText.Parse(text).ToString();
                RunFilterText.Parse(once).ToString().ShouldBe(once);
            });

    [Theory]
    [InlineData("status eq 'failed' or status eq 'running'")]
    [InlineData("status eq 'failed' and startDateTime ge 2026-01-01T00:00:00Z or endDateTime eq null")]
    [InlineData("bogus")]
    public void Text_that_the_controls_cannot_show_is_kept(string text)
    {
        var filter = RunFilterText.Parse(text);

        filter.ToString().ShouldBe(text);
        filter.Others.ShouldBe([text]);
    }

    [Fact]
    public void Conditions_are_shown_by_their_controls()
    {
        var filter = RunFilterText.Parse(
            "status in ('failed','running') and startDateTime ge 2026-01-01T00:00:00Z "
                + "and contains(displayName,'it''s') and statistics/inboundTotals/errors gt 0"
        );

        filter.Statuses.ShouldBe(["failed", "running"]);
        filter.From.ShouldBe(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        filter.Contains.ShouldBe("it's");
        filter.OnlyWithErrors.ShouldBeTrue();
        filter.Others.ShouldBeEmpty();
    }

    [Fact]
    public void Condition_beside_an_or_is_added_without_changing_the_meaning()
    {
        var filter = RunFilterText.Parse("endDateTime eq null or status eq 'failed'").Toggle("running");

        filter.ToString().ShouldBe("status eq 'running' and (endDateTime eq null or status eq 'failed')");
    }

    [Theory]
    [InlineData("endDateTime eq null OR status eq 'failed'")]
    [InlineData("endDateTime eq null\tor\nstatus eq 'failed'")]
    public void Words_of_the_grammar_are_found_in_any_case_and_between_any_white_space(string text) =>
        RunFilterText.Parse(text).Toggle("running").ToString().ShouldBe($"status eq 'running' and ({text})");

    [Fact]
    public void Status_is_selected_and_deselected()
    {
        var failed = RunFilterText.All.Toggle("failed");

        failed.ToString().ShouldBe("status eq 'failed'");
        failed.Toggle("running").ToString().ShouldBe("status in ('failed','running')");
        failed.Toggle("failed").IsEmpty.ShouldBeTrue();
    }

    private static IEnumerable<string> Parts(string text) => RunFilterText.Parse(text).Parts().Select(p => p.Part);
}
