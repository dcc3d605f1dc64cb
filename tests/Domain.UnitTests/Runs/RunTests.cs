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
        var run = Run.Create(_tenant, _draft, _now);

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
        var run = Run.Create(_tenant, _draft, _now);

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
        );

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
        );

        Exactly(run.StartDateTime, "0001-01-01T00:00:00.0000000+00:00");
        Exactly(run.EndDateTime!.Value, "9999-12-31T23:59:59.9999990+00:00");
    }

    [Fact]
    public void Its_id_carries_the_time_of_the_servers_clock()
    {
        var id = Run.Create(_tenant, _draft, _now).Id.Value;

        id.Version.ShouldBe(7);
        Convert.ToInt64(id.ToString("N")[..12], 16).ShouldBe(_now.ToUnixTimeMilliseconds());
    }

    [Fact]
    public void A_running_run_needs_no_end() =>
        Run.Create(_tenant, _draft with { Status = RunStatus.Running, EndDateTime = null }, _now)
            .EndDateTime.ShouldBeNull();

    [Fact]
    public void A_draft_that_breaks_a_rule_makes_no_run()
    {
        RunDraft[] broken =
        [
            new(),
            _draft with
            {
                DisplayName = " ",
            },
            _draft with
            {
                DisplayName = new string('a', DisplayName.MaxLength + 1),
            },
            _draft with
            {
                EndDateTime = _draft.StartDateTime!.Value.AddTicks(-10),
            },
            _draft with
            {
                Status = RunStatus.Completed,
            },
            _draft with
            {
                Activities = [new ActivityDraft { Type = ActivityType.Inbound, DisplayName = "a" }],
            },
            _draft with
            {
                Activities =
                [
                    new ActivityDraft
                    {
                        Type = ActivityType.Inbound,
                        DisplayName = new string('a', RunActivity.MaxDisplayNameLength + 1),
                        Status = ActivityStatus.Skipped,
                    },
                ],
            },
            _draft with
            {
                Activities =
                [
                    .. Enumerable.Repeat(
                        new ActivityDraft
                        {
                            Type = ActivityType.Inbound,
                            DisplayName = "a",
                            Status = ActivityStatus.Skipped,
                        },
                        Run.MaxActivities + 1
                    ),
                ],
            },
        ];

        foreach (var draft in broken)
        {
            Should.Throw<ArgumentException>(() => Run.Create(_tenant, draft, _now));
        }
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

        Should.Throw<ArgumentException>(() => Run.Create(_tenant, draft, _now));
    }

    [Fact]
    public void A_blocking_error_is_not_required() =>
        Run.Create(_tenant, _draft with { BlockingError = null }, _now).BlockingError.ShouldBeNull();

    // Two DateTimeOffset values are equal if they denote the same instant, even if their offsets differ.
    private static void Exactly(DateTimeOffset moment, string written) => moment.ToString("O").ShouldBe(written);
}
