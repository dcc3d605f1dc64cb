using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using NSubstitute;

namespace IndustryData.Application.UnitTests.Runs;

public sealed class ReadRunChangesTests
{
    private static readonly Guid _epoch = Guid.NewGuid();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, null)]
    [InlineData(29.9, null)]
    [InlineData(30.1, "syncStateNotFound")]
    public async Task A_place_is_good_as_long_as_deletions_are_remembered(double days, string? refusal)
    {
        var page = await ReadAsync(Place(walk: null) with { Since = UseCases.Now.AddDays(-days) }, there: 0);

        (page.Error?.Code).ShouldBe(refusal);
        (page.Error?.Kind).ShouldBe(refusal is null ? null : ErrorKind.Expired);
        (page.Next is null).ShouldBe(refusal is not null);
    }

    [Fact]
    public async Task A_place_of_another_past_is_gone()
    {
        (await ReadAsync(Place(walk: null), there: 0, knows: false))
            .Error.ShouldNotBeNull()
            .Code.ShouldBe("resyncRequired");
    }

    [Fact]
    public async Task Walk_that_ends_keeps_where_the_next_walk_begins()
    {
        var page = await ReadAsync(Place(walk: null), there: 2);

        page.Changes.Count.ShouldBe(2);
        page.Next.ShouldBe(new DeltaCursor(_epoch, UseCases.Now, From: 85, LowWatermark: 90, Scan: null));
    }

    [Fact]
    public async Task A_page_in_a_walk_keeps_its_end_and_where_the_next_walk_begins()
    {
        var walk = new DeltaScan(55, Guid.Empty, UpperBound: 60, IsInitialSync: true);

        var page = await ReadAsync(Place(walk), there: 5);

        page.Changes.Count.ShouldBe(3);
        page.Next.ShouldBe(Place(walk with { ChangeNumber = 102, Id = page.Changes[2].Id }));
    }

    [Fact]
    public async Task A_page_that_is_full_before_its_size_goes_on_after_its_last_change()
    {
        var walk = new DeltaScan(55, Guid.Empty, UpperBound: 160, IsInitialSync: false);

        var page = await ReadAsync(Place(walk), there: 3, chars: (RunPage.MaxChars / 2) + 1);

        page.Changes.Count.ShouldBe(2);
        page.Next.ShouldBe(Place(walk with { ChangeNumber = 101, Id = page.Changes[1].Id }));
    }

    private static DeltaCursor Place(DeltaScan? walk) => new(_epoch, UseCases.Now, From: 50, LowWatermark: 55, walk);

    /// <summary>Reads a page of size 3 as a client does.</summary>
    /// <param name="from">The delta token.</param>
    /// <param name="there">The number of stored changes.</param>
    /// <param name="knows">True if the database recognizes the delta token.</param>
    /// <param name="chars">The number of characters of each change.</param>
    private static async Task<(List<RunChange> Changes, DeltaCursor? Next, Error? Error)> ReadAsync(
        DeltaCursor from,
        int there,
        bool knows = true,
        long chars = 0
    )
    {
        using var cases = new UseCases();
        cases
            .Reader.ReadChangeHorizonAsync(default, from, Cancellation)
            .ReturnsForAnyArgs(
                new ChangeHorizon(
                    _epoch,
                    UseCases.Now,
                    From: 85,
                    LowWatermark: 90,
                    HighWatermark: 120,
                    LastChange: 84,
                    knows
                )
            );
        cases
            .Reader.ReadChangesAsync(default, null!, null!, 0, default, Cancellation)
            .ReturnsForAnyArgs(call =>
                Enumerable
                    .Range(100, Math.Min(there, call.Arg<int>()))
                    .Select(n => new RunChange(Guid.NewGuid(), n, Run: null, CharsRead: chars))
                    .ToAsyncEnumerable()
            );
        var query = new GetRunDeltaQuery(
            UseCases.Tenant,
            RunCriteria.All,
            PageSize: 3,
            from,
            StartFromLatest: false,
            WithStatistics: false
        );
        await using var items = cases
            .Sender.CreateStream(query, Cancellation)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        if (!(await items.ReadHeadAsync()).TryGetValue(out var start, out var error))
        {
            (await items.MoveNextAsync()).ShouldBeFalse();
            return ([], null, error);
        }

        var (changes, hasNext) = (new List<RunChange>(), false);
        while (await items.MoveNextAsync())
        {
            changes.Add(items.Current.Row);
            hasNext = items.Current.HasNext;
        }

        return (changes, hasNext ? start.After(changes[^1]) : start.AfterScan(), null);
    }
}
