using IndustryData.Application.Runs;
using IndustryData.Application.Runs.Live;
using IndustryData.Domain.Runs;
using NSubstitute;

namespace IndustryData.Application.UnitTests.Runs.Live;

public sealed class RunChangeWalkTests
{
    private static readonly DeltaCursor _place = new(Guid.Empty, UseCases.Now, From: 10, LowWatermark: 10, Scan: null);

    private readonly IRunReader _runs = Substitute.For<IRunReader>();
    private readonly RunChangeQuery _query = new(
        UseCases.Tenant,
        "",
        RunCriteria.All,
        default,
        Substitute.For<IRunChangeEncoder>()
    );

    [Fact]
    public async Task Change_that_is_known_is_not_returned_again()
    {
        var (first, second) = (new RunChange(Guid.NewGuid(), 11, Run: null), new RunChange(Guid.NewGuid(), 12, null));
        Stored(from: 10, last: 12, [first]);
        var before = await WalkAsync(known: null);
        Stored(from: 10, last: 12, [first, second]);
        var after = await WalkAsync(before.Known);
        var last = await WalkAsync(after.Known);

        before.Batch!.Changes.ShouldBe([first]);
        after.Batch!.Changes.ShouldBe([second]);
        last.Batch.ShouldBeNull();
    }

    [Fact]
    public async Task Numbers_below_the_next_position_are_forgotten()
    {
        Stored(from: 12, last: 12, [new RunChange(Guid.NewGuid(), 11, null), new RunChange(Guid.NewGuid(), 12, null)]);

        (await WalkAsync(known: null)).Known.Numbers.ShouldBe([12]);
    }

    [Fact]
    public async Task Change_that_is_committed_during_the_walk_is_left_to_the_next()
    {
        var (first, second) = (new RunChange(Guid.NewGuid(), 11, null), new RunChange(Guid.NewGuid(), 12, null));
        Stored(from: 10, last: 12, [first]);
        Rows([first, second]);

        (await WalkAsync(known: null)).Batch!.Changes.ShouldBe([first]);
    }

    [Fact]
    public async Task Too_many_changes_are_counted_and_not_read()
    {
        Stored(from: 10, last: 20, []);
        Counts(new ChangeCount(11, 150), new ChangeCount(12, 51));

        var walked = await WalkAsync(known: null);

        walked.Batch!.Count.ShouldBe(201);
        walked.Batch.Changes.ShouldBeEmpty();
        _runs.ReceivedCalls().ShouldNotContain(c => c.GetMethodInfo().Name == nameof(IRunReader.ReadChangesAsync));
    }

    [Fact]
    public async Task Range_that_a_long_transaction_keeps_is_reported_only_when_something_is_new()
    {
        Counts(new ChangeCount(11, RunChangeBatch.MaxCounted + 1));
        Horizon(from: 10, last: 500);
        var first = await WalkAsync(known: null);
        var unchanged = await WalkAsync(first.Known);
        Horizon(from: 10, last: 501);
        var changed = await WalkAsync(unchanged.Known);
        Horizon(from: 502, last: 501);
        var ended = await WalkAsync(changed.Known);

        first.Batch!.Count.ShouldBe(RunChangeBatch.MaxCounted);
        unchanged.Batch.ShouldBeNull();
        changed.Batch.ShouldNotBeNull();
        ended.Batch.ShouldNotBeNull();
    }

    [Fact]
    public async Task Position_of_another_database_or_beyond_its_lifetime_is_an_error()
    {
        Stored(from: 10, last: 12, []);
        var old = _place with { Since = UseCases.Now - DeltaCursor.TokenLifetime - TimeSpan.FromSeconds(1) };
        var expired = await new RunChangeWalk(_runs).ReadAsync(_query, old, known: null, CancellationToken.None);
        Horizon(from: 10, last: 12, isValid: false);
        var foreign = await new RunChangeWalk(_runs).ReadAsync(_query, _place, known: null, CancellationToken.None);

        expired.Error!.Code.ShouldBe("syncStateNotFound");
        foreign.Error!.Code.ShouldBe("resyncRequired");
    }

    [Fact]
    public async Task Reader_that_lost_its_place_gets_one_event_for_all_that_it_missed()
    {
        using var cases = new UseCases();
        Stored(from: 10, last: 20, []);
        Counts(new ChangeCount(11, 300));
        using var walks = new SemaphoreSlim(1);
        using var feed = new RunChangeFeed(
            _query,
            new RunChangeFeeds.Resources(
                _runs,
                new RunChangeWalk(_runs),
                walks,
                new RunChangeRing.Memory(),
                _ => { },
                cases.Get<Application.Common.IDatabaseHealth>(),
                cases.Get<TimeProvider>(),
                Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance
            )
        );
        for (var i = 0; i <= RunChangeRing.MaxEvents; i++)
        {
            feed.Ring.Append(new RunChangeEvent(RunChangeEventKind.Changes, _place, new byte[1]));
        }

        using var reader = new RunChangeSubscription(
            feed,
            position: 0,
            _place,
            first: null,
            cases.Get<TimeProvider>(),
            _ => { }
        );
        var read = await reader.ReadAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);

        read!.Kind.ShouldBe(RunChangeEventKind.Count);
    }

    private async Task<RunChangeWalkResult> WalkAsync(KnownChanges? known) =>
        (await new RunChangeWalk(_runs).ReadAsync(_query, _place, known, CancellationToken.None)).Value;

    private void Stored(long from, long last, RunChange[] changes)
    {
        Horizon(from, last);
        Counts([.. changes.GroupBy(c => c.ChangeNumber, (number, all) => new ChangeCount(number, all.Count()))]);
        Rows(changes);
    }

    private void Horizon(long from, long last, bool isValid = true) =>
        _runs
            .ReadChangeHorizonAsync(default, null, CancellationToken.None)
            .ReturnsForAnyArgs(
                new ChangeHorizon(Guid.Empty, UseCases.Now, from, LowWatermark: from, last + 1, last, isValid)
            );

    private void Counts(params ChangeCount[] counts) =>
        _runs.CountChangesAsync(default, null!, 0, CancellationToken.None).ReturnsForAnyArgs(counts);

    private void Rows(RunChange[] changes) =>
        _runs
            .ReadChangesAsync(default, null!, null!, 0, default, CancellationToken.None)
            .ReturnsForAnyArgs(_ => changes.ToAsyncEnumerable());
}
