using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class RunRulesTests
{
    private static readonly DateTimeOffset _start = new(2026, 11, 22, 2, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _end = _start.AddMinutes(41);

    public static TheoryData<string> Terminal() => [.. RunStatus.All.Where(s => s.IsTerminal).Select(s => s.Name)];

    public static TheoryData<string> All() => [.. RunStatus.All.Select(s => s.Name)];

    [Fact]
    public void A_run_says_when_it_began()
    {
        RunRules.ValidateStartDateTime(new RunDraft { StartDateTime = _start }).ShouldBeNull();
        Shown(RunRules.ValidateStartDateTime(new RunDraft())).ShouldBe("required startDateTime");
    }

    [Fact]
    public void A_run_says_how_it_stands()
    {
        RunRules.ValidateStatus(new RunDraft { Status = RunStatus.Failed }).ShouldBeNull();
        Shown(RunRules.ValidateStatus(new RunDraft())).ShouldBe("required status");
        RunStatus.All.ShouldAllBe(s => RunRules.ValidateStatus(new RunDraft())!.Message.Contains(s.Name));
    }

    [Fact]
    public void A_run_says_what_it_counted()
    {
        RunRules.ValidateStatistics(new RunDraft { Statistics = RunStatistics.Empty }).ShouldBeNull();
        Shown(RunRules.ValidateStatistics(new RunDraft())).ShouldBe("required statistics");
    }

    [Theory]
    [MemberData(nameof(Terminal))]
    public void A_run_that_is_over_says_when(string status)
    {
        var run = new RunDraft { StartDateTime = _start, Status = RunStatus.FromName(status) };

        Shown(RunRules.ValidateEndDateTime(run)).ShouldBe("required endDateTime");
        RunRules.ValidateEndDateTime(run with { EndDateTime = _end }).ShouldBeNull();
    }

    [Fact]
    public void A_running_run_may_say_when_it_is_expected_to_end()
    {
        var run = new RunDraft { StartDateTime = _start, Status = RunStatus.Running };

        RunRules.ValidateEndDateTime(run).ShouldBeNull();
        RunRules.ValidateEndDateTime(run with { EndDateTime = _end }).ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void No_run_ends_before_it_begins(string status)
    {
        var run = new RunDraft { StartDateTime = _start, Status = RunStatus.FromName(status) };

        RunRules.ValidateEndDateTime(run with { EndDateTime = _start }).ShouldBeNull();
        Shown(RunRules.ValidateEndDateTime(run with { EndDateTime = _start.AddMicroseconds(-1) }))
            .ShouldBe("endBeforeStart endDateTime");
    }

    [Fact]
    public void Which_comes_first_is_a_matter_of_instants_not_of_clock_faces()
    {
        var run = new RunDraft { StartDateTime = _start, Status = RunStatus.Completed };

        RunRules
            .ValidateEndDateTime(
                run with
                {
                    EndDateTime = new DateTimeOffset(2026, 11, 22, 1, 0, 0, TimeSpan.FromHours(-2)),
                }
            )
            .ShouldBeNull();
        Shown(
                RunRules.ValidateEndDateTime(
                    run with
                    {
                        EndDateTime = new DateTimeOffset(2026, 11, 22, 3, 0, 0, TimeSpan.FromHours(2)),
                    }
                )
            )
            .ShouldBe("endBeforeStart endDateTime");
    }

    [Fact]
    public void An_end_is_not_compared_with_a_start_that_is_missing() =>
        RunRules.ValidateEndDateTime(new RunDraft { EndDateTime = _end, Status = RunStatus.Completed }).ShouldBeNull();

    [Theory]
    [InlineData("running", true)]
    [InlineData("failed", true)]
    [InlineData("completed", false)]
    [InlineData("completedWithErrors", true)]
    [InlineData("completedWithWarnings", false)]
    public void Only_a_run_that_something_stopped_or_may_stop_names_an_error(string status, bool isAllowed)
    {
        var run = new RunDraft { Status = RunStatus.FromName(status) };

        RunRules.ValidateBlockingError(run).ShouldBeNull();
        Shown(RunRules.ValidateBlockingError(run with { BlockingError = PublicError.Parse("{}"u8) }))
            .ShouldBe(isAllowed ? null : "unexpectedBlockingError blockingError");
    }

    [Fact]
    public void An_error_is_not_judged_by_a_status_that_is_missing() =>
        RunRules.ValidateBlockingError(new RunDraft { BlockingError = PublicError.Parse("{}"u8) }).ShouldBeNull();

    private static string? Shown(Error? fault) => fault is null ? null : $"{fault.Code} {fault.Target}";
}
