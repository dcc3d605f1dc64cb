using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class RunRulesTests
{
    private static readonly DateTimeOffset _start = new(2026, 11, 22, 2, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _end = _start.AddMinutes(41);

    public static TheoryData<string> Terminal() => [.. RunStatus.All.Where(s => s.IsTerminal).Select(s => s.Name)];

    public static TheoryData<string> All() => [.. RunStatus.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Terminal))]
    public void A_run_that_is_over_says_when(string status)
    {
        var run = new RunDraft { StartDateTime = _start, Status = RunStatus.FromName(status) };

        RunRules.HasRequiredEndDateTime(run).ShouldBeFalse();
        RunRules.HasRequiredEndDateTime(run with { EndDateTime = _end }).ShouldBeTrue();
    }

    [Fact]
    public void A_running_run_may_say_when_it_is_expected_to_end()
    {
        var run = new RunDraft { StartDateTime = _start, Status = RunStatus.Running };

        RunRules.HasRequiredEndDateTime(run).ShouldBeTrue();
        RunRules.HasRequiredEndDateTime(run with { EndDateTime = _end }).ShouldBeTrue();
    }

    [Fact]
    public void A_run_without_a_status_needs_an_end() =>
        RunRules.HasRequiredEndDateTime(new RunDraft()).ShouldBeFalse();

    [Theory]
    [MemberData(nameof(All))]
    public void No_run_ends_before_it_begins(string status)
    {
        var run = new RunDraft { StartDateTime = _start, Status = RunStatus.FromName(status) };

        RunRules.EndsAtStartOrLater(run with { EndDateTime = _start }).ShouldBeTrue();
        RunRules.EndsAtStartOrLater(run with { EndDateTime = _start.AddMicroseconds(-1) }).ShouldBeFalse();
    }

    [Fact]
    public void Which_comes_first_is_a_matter_of_instants_not_of_clock_faces()
    {
        var run = new RunDraft { StartDateTime = _start, Status = RunStatus.Completed };

        RunRules.EndsAtStartOrLater(run with { EndDateTime = At(1, offset: -2) }).ShouldBeTrue();
        RunRules.EndsAtStartOrLater(run with { EndDateTime = At(3, offset: 2) }).ShouldBeFalse();

        static DateTimeOffset At(int hour, int offset) => new(2026, 11, 22, hour, 0, 0, TimeSpan.FromHours(offset));
    }

    [Fact]
    public void An_end_is_not_compared_with_a_start_that_is_missing() =>
        RunRules.EndsAtStartOrLater(new RunDraft { EndDateTime = _end, Status = RunStatus.Completed }).ShouldBeTrue();

    [Theory]
    [InlineData("running", true)]
    [InlineData("failed", true)]
    [InlineData("completed", false)]
    [InlineData("completedWithErrors", true)]
    [InlineData("completedWithWarnings", false)]
    public void Only_a_run_that_something_stopped_or_may_stop_names_an_error(string status, bool isAllowed)
    {
        var run = new RunDraft { Status = RunStatus.FromName(status) };

        RunRules.AllowsBlockingError(run).ShouldBeTrue();
        RunRules.AllowsBlockingError(run with { BlockingError = PublicError.Parse("{}"u8) }).ShouldBe(isAllowed);
    }

    [Fact]
    public void An_error_is_not_judged_by_a_status_that_is_missing() =>
        RunRules.AllowsBlockingError(new RunDraft { BlockingError = PublicError.Parse("{}"u8) }).ShouldBeTrue();

    [Theory]
    [InlineData(0, true)]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public void A_run_has_a_thousand_activities_at_most(int count, bool isAllowed) =>
        RunRules.AllowsActivityCount(count).ShouldBe(isAllowed);
}
