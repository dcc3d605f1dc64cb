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
        var result = await ReadAsync(Place(walk: null) with { Since = UseCases.Now.AddDays(-days) }, there: 0);

        (result.TryGetValue(out _, out var error) ? null : error!.Code).ShouldBe(refusal);
        error?.Kind.ShouldBe(ErrorKind.Gone);
    }

    [Fact]
    public async Task A_place_of_another_past_is_gone()
    {
        (await ReadAsync(Place(walk: null), there: 0, knows: false)).Error!.Code.ShouldBe("resyncRequired");
    }

    [Fact]
    public async Task Walk_that_ends_keeps_where_the_next_walk_begins()
    {
        var page = (await ReadAsync(Place(walk: null), there: 2)).Value;

        page.Changes.Count.ShouldBe(2);
        page.Next.ShouldBe(new DeltaCursor(_epoch, UseCases.Now, From: 85, LowWatermark: 90, Scan: null));
    }

    [Fact]
    public async Task A_page_in_a_walk_keeps_its_end_and_where_the_next_walk_begins()
    {
        var walk = new DeltaScan(55, Guid.Empty, UpperBound: 60, IsInitialSync: true);

        var page = (await ReadAsync(Place(walk), there: 4)).Value;

        page.Changes.Count.ShouldBe(3);
        page.Next.ShouldBe(Place(walk with { ChangeNumber = 102, Id = page.Changes[2].Id }));
    }

    [Fact]
    public async Task A_page_that_is_full_before_its_size_goes_on_after_its_last_change()
    {
        var walk = new DeltaScan(55, Guid.Empty, UpperBound: 160, IsInitialSync: false);

        var page = (await ReadAsync(Place(walk), there: 2, isFull: true)).Value;

        page.Changes.Count.ShouldBe(2);
        page.Next.ShouldBe(Place(walk with { ChangeNumber = 101, Id = page.Changes[1].Id }));
    }

    private static DeltaCursor Place(DeltaScan? walk) => new(_epoch, UseCases.Now, From: 50, LowWatermark: 55, walk);

    /// <summary>Reads a page of size 3.</summary>
    /// <param name="from">The delta token.</param>
    /// <param name="there">The number of stored changes.</param>
    /// <param name="knows">True if the database recognizes the delta token.</param>
    /// <param name="isFull">True if the page reaches its size limit.</param>
    private static async Task<Result<RunDeltaPage>> ReadAsync(
        DeltaCursor from,
        int there,
        bool knows = true,
        bool isFull = false
    )
    {
        using var cases = new UseCases();
        cases
            .Reader.ReadChangeHorizonAsync(default, from, Cancellation)
            .ReturnsForAnyArgs(
                new ChangeHorizon(_epoch, UseCases.Now, From: 85, LowWatermark: 90, HighWatermark: 120, knows)
            );
        cases
            .Reader.ReadChangesAsync(null!, null!, Cancellation)
            .ReturnsForAnyArgs(call =>
                (
                    [
                        .. Enumerable
                            .Range(100, Math.Min(there, call.Arg<GetRunDeltaQuery>().PageSize))
                            .Select(n => new RunChange(Guid.NewGuid(), n, Run: null)),
                    ],
                    isFull
                )
            );
        return await cases.Sender.Send(
            new GetRunDeltaQuery(
                UseCases.Tenant,
                RunCriteria.All,
                PageSize: 3,
                from,
                StartFromLatest: false,
                WithStatistics: false
            ),
            Cancellation
        );
    }
}
