using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class RunTests
{
    private static readonly TenantId _tenant = new(new Guid("11111111-1111-4111-8111-111111111111"));
    private static readonly DateTimeOffset _now = new DateTimeOffset(
        2026,
        11,
        22,
        4,
        30,
        15,
        123,
        TimeSpan.FromHours(1)
    ).AddTicks(4567);

    private static readonly RunDraft _draft = new()
    {
        DisplayName = " Nightly rostering ",
        StartDateTime = new DateTimeOffset(2026, 11, 22, 4, 0, 0, TimeSpan.FromHours(2)),
        EndDateTime = new DateTimeOffset(2026, 11, 22, 2, 41, 7, TimeSpan.Zero),
        Status = RunStatus.CompletedWithErrors,
        Statistics = RunStatistics.Parse("""{"a":1}"""u8),
        BlockingError = PublicError.Parse("""{"code":"x"}"""u8),
    };

    [Fact]
    public void A_new_run_is_what_its_reporter_told()
    {
        var run = Run.Create(_tenant, _draft, _now).Value;

        run.TenantId.ShouldBe(_tenant);
        run.DisplayName.Value.ShouldBe(" Nightly rostering ");
        run.Status.ShouldBeSameAs(RunStatus.CompletedWithErrors);
        run.Statistics.ShouldBeSameAs(_draft.Statistics);
        run.BlockingError.ShouldBeSameAs(_draft.BlockingError);
        run.Version.ShouldBe(1);
    }

    [Fact]
    public void Its_moments_are_in_UTC()
    {
        var run = Run.Create(_tenant, _draft, _now).Value;

        Exactly(run.StartDateTime, "2026-11-22T02:00:00.0000000+00:00");
        Exactly(run.EndDateTime!.Value, "2026-11-22T02:41:07.0000000+00:00");
        Exactly(run.CreatedDateTime, "2026-11-22T03:30:15.1234560+00:00");
        Exactly(run.LastModifiedDateTime, "2026-11-22T03:30:15.1234560+00:00");
    }

    [Fact]
    public void Its_moments_are_cut_not_rounded_to_the_microsecond()
    {
        var second = new DateTimeOffset(1900, 1, 1, 0, 0, 1, TimeSpan.Zero); // a time before 1970
        var run = Run.Create(
            _tenant,
            _draft with
            {
                StartDateTime = second.AddTicks(19),
                EndDateTime = second.AddTicks(29),
            },
            _now
        ).Value;

        Exactly(run.StartDateTime, "1900-01-01T00:00:01.0000010+00:00");
        Exactly(run.EndDateTime!.Value, "1900-01-01T00:00:01.0000020+00:00");
    }

    [Fact]
    public void The_first_and_the_last_moment_of_the_calendar_can_be_kept()
    {
        var run = Run.Create(
            _tenant,
            _draft with
            {
                StartDateTime = DateTimeOffset.MinValue,
                EndDateTime = DateTimeOffset.MaxValue,
            },
            _now
        ).Value;

        Exactly(run.StartDateTime, "0001-01-01T00:00:00.0000000+00:00");
        Exactly(run.EndDateTime!.Value, "9999-12-31T23:59:59.9999990+00:00");
    }

    [Fact]
    public void Its_id_carries_the_time_of_the_servers_clock()
    {
        var id = Run.Create(_tenant, _draft, _now).Value.Id.Value;

        id.Version.ShouldBe(7);
        Convert.ToInt64(id.ToString("N")[..12], 16).ShouldBe(_now.ToUnixTimeMilliseconds());
    }

    [Fact]
    public void A_running_run_needs_no_end() =>
        Run.Create(_tenant, _draft with { Status = RunStatus.Running, EndDateTime = null }, _now)
            .Value.EndDateTime.ShouldBeNull();

    [Fact]
    public void Every_broken_rule_is_named()
    {
        var error = Run.Create(_tenant, new RunDraft(), _now).Error.ShouldNotBeNull();

        error.Kind.ShouldBe(ErrorKind.Validation);
        error
            .Details.Shown()
            .ShouldBe([
                "required displayName",
                "required startDateTime",
                "required endDateTime",
                "required status",
                "required statistics",
            ]);
    }

    [Fact]
    public void Rules_of_meaning_are_named_together()
    {
        var draft = _draft with
        {
            DisplayName = " ",
            Status = RunStatus.Completed,
            EndDateTime = _draft.StartDateTime!.Value.AddTicks(-10),
        };

        Run.Create(_tenant, draft, _now)
            .Error!.Details.Shown()
            .ShouldBe(["blank displayName", "endBeforeStart endDateTime", "unexpectedBlockingError blockingError"]);
    }

    public static TheoryData<string> Members() =>
        [
            .. typeof(RunDraft)
                .GetProperties()
                .Select(p => p.Name)
                .Except([nameof(RunDraft.BlockingError), nameof(RunDraft.Activities)]),
        ];

    [Theory]
    [MemberData(nameof(Members))]
    public void Each_required_member_is_missed_alone(string member)
    {
        var draft = _draft with { };
        typeof(RunDraft).GetProperty(member)!.SetValue(draft, null);

        Run.Create(_tenant, draft, _now)
            .Error.ShouldNotBeNull()
            .Details.ShouldHaveSingleItem()
            .Target.ShouldBe(char.ToLowerInvariant(member[0]) + member[1..]);
    }

    [Fact]
    public void A_blocking_error_is_not_required() =>
        Run.Create(_tenant, _draft with { BlockingError = null }, _now).Value.BlockingError.ShouldBeNull();

    // Two DateTimeOffset values are equal if they denote the same instant, even if their offsets differ.
    private static void Exactly(DateTimeOffset moment, string written) => moment.ToString("O").ShouldBe(written);
}
