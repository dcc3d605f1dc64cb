using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class RunChangeTests
{
    private static readonly TenantId _tenant = new(new Guid("11111111-1111-4111-8111-111111111111"));
    private static readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _later = _start.AddHours(2);

    [Fact]
    public void What_changes_counts_the_version_up_and_what_does_not_leaves_it()
    {
        var run = Running();

        run.Update(Patch(new RunDraft { DisplayName = "b" }, RunPatchProperties.DisplayName), _later)
            .Value.ShouldBeTrue();
        (run.Version, run.DisplayName.Value, run.LastModifiedDateTime, run.CreatedDateTime).ShouldBe(
            (2, "b", _later, _start)
        );
        run.Update(Patch(new RunDraft { DisplayName = "b" }, RunPatchProperties.DisplayName), _later.AddHours(1))
            .Value.ShouldBeFalse();
        (run.Version, run.LastModifiedDateTime).ShouldBe((2, _later));
    }

    [Fact]
    public void A_run_ends_with_an_end_of_its_own()
    {
        var run = Running();

        run.Update(Patch(new RunDraft { Status = RunStatus.Failed }, RunPatchProperties.Status), _later)
            .Error!.Details.ShouldHaveSingleItem()
            .Target.ShouldBe("endDateTime");
        run.Status.ShouldBe(RunStatus.Running);
        run.Update(
                Patch(
                    new RunDraft { Status = RunStatus.Failed, EndDateTime = _later },
                    RunPatchProperties.Status | RunPatchProperties.EndDateTime
                ),
                _later
            )
            .Value.ShouldBeTrue();
        (run.Status, run.EndDateTime).ShouldBe((RunStatus.Failed, (DateTimeOffset?)_later));
    }

    [Fact]
    public void Update_that_does_not_agree_with_kept_values_is_an_error_with_all_of_them()
    {
        var run = Running();
        run.Update(
                Patch(new RunDraft { BlockingError = PublicError.Parse("{}"u8) }, RunPatchProperties.BlockingError),
                _later
            )
            .Value.ShouldBeTrue();

        var error = run.Update(
            Patch(
                new RunDraft { StartDateTime = _start.AddDays(1), Status = RunStatus.Completed },
                RunPatchProperties.StartDateTime | RunPatchProperties.Status
            ),
            _later
        ).Error;

        error
            .ShouldNotBeNull()
            .Details.Shown()
            .ShouldBe(["endBeforeStart endDateTime", "unexpectedBlockingError blockingError"]);
        (run.Version, run.Status).ShouldBe((2, RunStatus.Running));
    }

    [Fact]
    public void Update_with_a_value_that_was_not_validated_throws()
    {
        var run = Running();

        Should.Throw<ArgumentException>(() => run.Update(Patch(new RunDraft(), RunPatchProperties.Status), _later));
        Should.Throw<ArgumentException>(() =>
            run.Update(Patch(new RunDraft(), RunPatchProperties.DisplayName), _later)
        );
        run.Version.ShouldBe(1);
    }

    [Fact]
    public void What_is_final_is_a_conflict()
    {
        var run = Running();
        run.Update(
            Patch(
                new RunDraft { Status = RunStatus.Completed, EndDateTime = _later },
                RunPatchProperties.Status | RunPatchProperties.EndDateTime
            ),
            _later
        );

        foreach (var status in RunStatus.All.Where(s => s != RunStatus.Completed))
        {
            run.Update(Patch(new RunDraft { Status = status }, RunPatchProperties.Status), _later)
                .Error!.Kind.ShouldBe(ErrorKind.Conflict);
        }

        run.Update(
                Patch(new RunDraft { StartDateTime = _start.AddTicks(10) }, RunPatchProperties.StartDateTime),
                _later
            )
            .Error!.Kind.ShouldBe(ErrorKind.Conflict);
        run.Update(Patch(new RunDraft(), RunPatchProperties.EndDateTime), _later)
            .Error!.Kind.ShouldBe(ErrorKind.Conflict);
        run.Update(Patch(new RunDraft { StartDateTime = _start.AddTicks(9) }, RunPatchProperties.StartDateTime), _later)
            .Value.ShouldBeFalse();
    }

    [Fact]
    public void Only_a_running_run_takes_activities()
    {
        var run = Running();
        var activity = new ActivityDraft
        {
            Type = ActivityType.Inbound,
            DisplayName = "x",
            Status = ActivityStatus.InProgress,
        };

        run.AddActivity(activity, 0, _later).Value.RunId.ShouldBe(run.Id);
        run.Version.ShouldBe(2);
        run.AddActivity(activity, Run.MaxActivities, _later).Error!.Code.ShouldBe("tooManyActivities");
        Should.Throw<ArgumentException>(() => run.AddActivity(activity with { DisplayName = null }, 0, _later));
        Should.Throw<ArgumentException>(() => run.AddActivity(activity with { Status = null }, 0, _later));
        run.Version.ShouldBe(2);
        run.Update(
            Patch(
                new RunDraft { Status = RunStatus.Completed, EndDateTime = _later },
                RunPatchProperties.Status | RunPatchProperties.EndDateTime
            ),
            _later
        );
        run.AddActivity(activity, 0, _later).Error!.Kind.ShouldBe(ErrorKind.Conflict);
    }

    [Fact]
    public void An_activity_ends_once_and_counts_its_runs_version_up()
    {
        var run = Running();
        var activity = run.AddActivity(
            new ActivityDraft
            {
                Type = ActivityType.Inbound,
                DisplayName = "x",
                Status = ActivityStatus.InProgress,
            },
            0,
            _later
        ).Value;

        run.UpdateActivity(
                activity,
                Patch(
                    new ActivityDraft { Type = ActivityType.Inbound, Status = ActivityStatus.Skipped },
                    ActivityPatchProperties.Status
                ),
                _later
            )
            .Value.ShouldBeTrue();
        run.Version.ShouldBe(3);
        run.UpdateActivity(
                activity,
                Patch(
                    new ActivityDraft { Type = ActivityType.Inbound, Status = ActivityStatus.Skipped },
                    ActivityPatchProperties.Status
                ),
                _later
            )
            .Value.ShouldBeFalse();
        run.UpdateActivity(
                activity,
                Patch(
                    new ActivityDraft { Type = ActivityType.Inbound, Status = ActivityStatus.Failed },
                    ActivityPatchProperties.Status
                ),
                _later
            )
            .Error!.Kind.ShouldBe(ErrorKind.Conflict);
        run.UpdateActivity(
                activity,
                Patch(new ActivityDraft { Type = ActivityType.Outbound }, ActivityPatchProperties.Type),
                _later
            )
            .Error!.Kind.ShouldBe(ErrorKind.Conflict);
        run.Version.ShouldBe(3);
    }

    private static Run Running() =>
        Run.Create(
            _tenant,
            new RunDraft
            {
                DisplayName = "a",
                StartDateTime = _start,
                EndDateTime = _start.AddHours(9),
                Status = RunStatus.Running,
                Statistics = RunStatistics.Empty,
            },
            _start
        );

    private static RunPatch Patch(RunDraft values, RunPatchProperties properties) => new(values, properties);

    private static ActivityPatch Patch(ActivityDraft values, ActivityPatchProperties properties) =>
        new(values, properties);
}
