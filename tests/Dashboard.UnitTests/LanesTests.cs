using CsCheck;
using IndustryData.Application.Runs;
using IndustryData.Dashboard.Timeline;
using IndustryData.Domain.Runs;

namespace IndustryData.Dashboard.UnitTests;

public sealed class LanesTests
{
    private static readonly DateTimeOffset _start = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    private static readonly Gen<List<FamilyRun>> _runs = Gen.Select(Gen.Int[0, 1000], Gen.Int[0, 300])
        .List[0, 200]
        .Select(edges => edges.OrderBy(e => e.Item1).Select(e => Run(e.Item1, e.Item1 + e.Item2)).ToList());

    [Fact]
    public void Every_run_is_in_one_block_in_its_order() =>
        _runs.Sample(runs =>
        {
            var lanes = Lanes.Pack(runs, Position);

            lanes.SelectMany(l => l).SelectMany(b => b.Runs).ShouldBe(runs, ignoreOrder: true);
            foreach (var block in lanes.SelectMany(l => l))
            {
                block.Left.ShouldBe(block.Runs.Min(r => Position(r).Left));
                block.Right.ShouldBe(block.Runs.Max(r => Position(r).Right));
            }
        });

    [Theory]
    [InlineData(1)]
    [InlineData(Lanes.Max)]
    public void Blocks_of_a_lane_can_be_clicked_apart_and_lanes_are_bounded(int max) =>
        _runs.Sample(runs =>
        {
            var lanes = Lanes.Pack(runs, Position, max);

            lanes.Count.ShouldBeLessThanOrEqualTo(max);
            foreach (var lane in lanes)
            {
                lane.Zip(lane.Skip(1)).ShouldAllBe(pair => pair.First.End <= pair.Second.Left);
            }
        });

    [Fact]
    public void Overlapping_wide_runs_get_lanes_of_their_own_until_there_are_too_many()
    {
        var runs = Enumerable.Range(0, Lanes.Max + 2).Select(i => Run(i, 500 + i)).ToList();

        var lanes = Lanes.Pack(runs, Position);

        lanes.Select(l => l.Sum(b => b.Runs.Count)).ShouldBe([2, 2, 1, 1, 1, 1], ignoreOrder: true);
    }

    [Fact]
    public void Narrow_runs_side_by_side_are_merged_into_a_block()
    {
        var lanes = Lanes.Pack([Run(0, 2), Run(5, 7), Run(20, 23), Run(40, 41)], Position);

        lanes.ShouldHaveSingleItem().Select(b => b.Runs.Count).ShouldBe([3, 1]);
    }

    [Theory]
    [InlineData("failed", "running", "failed", "completed")]
    [InlineData("completedWithErrors", "completedWithWarnings", "completedWithErrors", "completed")]
    [InlineData("completed", "completed", "completed", "completed")]
    public void Status_of_a_block_is_the_worst_one(string worst, params string[] statuses) =>
        new Block(0, 1, [.. statuses.Select(s => Run(0, 1) with { Status = s })]).Status.ShouldBe(worst);

    private static (double Left, double Right) Position(FamilyRun run) =>
        ((run.StartDateTime - _start).TotalMinutes, (run.EndDateTime!.Value - _start).TotalMinutes);

    private static FamilyRun Run(int left, int right) =>
        new(
            Guid.CreateVersion7(),
            "Run",
            _start.AddMinutes(left),
            _start.AddMinutes(right),
            "completed",
            new InboundTotals()
        );
}
