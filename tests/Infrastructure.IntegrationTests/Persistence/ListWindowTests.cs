using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;

namespace IndustryData.Infrastructure.IntegrationTests.Persistence;

/// <summary>Tests windows of lists against runs in memory.</summary>
public sealed class ListWindowTests
{
    private static readonly DateTimeOffset _first = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// The runs of the partitions that are read, up to the bound, are the first runs of the list. If there is no bound,
    /// they are all of them.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Window_contains_the_next_runs_of_the_list_without_a_gap(bool isDescending)
    {
        var random = new Random(1);
        var bounded = 0;
        for (var round = 0; round < 2000; round++)
        {
            var runs = RandomRuns(random);
            var ended = Ended(runs);
            var (after, filter) = (RandomPlace(random), RandomFilter(random));
            var list = List(isDescending, filter);
            var window = ListWindow.Choose(ended, list, after, kept: random.Next(3));
            if (window is null)
            {
                continue;
            }

            var all = runs.Where(r => IsListed(r.Start, after, filter, isDescending)).Order().ToList();
            var read = all.Where(r => !window.Skipped.Any(s => r.Partition >= s.First && r.Partition < s.End)).ToList();
            bounded += window.Bound is null ? 0 : 1;
            var expected = all.Where(r => IsInside(r.Start, window.Bound, isDescending));
            read.Where(r => IsInside(r.Start, window.Bound, isDescending)).ShouldBe(expected);
            window.Skipped.Count.ShouldBeLessThan(3);
        }

        bounded.ShouldBeGreaterThan(300);
    }

    [Fact]
    public void Page_in_the_middle_skips_the_partitions_on_both_sides()
    {
        var runs = Enumerable.Range(0, 90).Select(day => (Partition(day), _first.AddDays(day).AddHours(1))).ToList();
        var after = new KeysetCursor([_first.AddDays(45), Guid.Empty]);

        var window = ListWindow.Choose(Ended(runs), List(isDescending: true, filter: null), after, kept: 1)!;

        window.Skipped.ShouldBe([(Partition(0), Partition(44)), (Partition(45), Partition(90))], ignoreOrder: true);
        window.Bound.ShouldBe(_first.AddDays(43).AddHours(1).UtcTicks);
    }

    [Fact]
    public void Partition_without_runs_is_skipped_and_bounds_nothing()
    {
        var ended = new EndedPartitions(
            Guid.NewGuid(),
            [new EndedPartition(Partition(0), Partition(1), DateTime.MaxValue.Ticks, DateTime.MinValue.Ticks)]
        );

        foreach (var isDescending in (bool[])[true, false])
        {
            var window = ListWindow.Choose(ended, List(isDescending, filter: null), after: null, kept: 0)!;

            window.Bound.ShouldBeNull();
            window.Skipped.ShouldBe([(Partition(0), Partition(1))]);
        }
    }

    [Fact]
    public void Unknown_ranges_skip_nothing() =>
        ListWindow
            .Choose(EndedPartitions.None, List(isDescending: true, filter: null), after: null, kept: 1)
            .ShouldBeNull();

    private static RunListSpec List(bool isDescending, IRunFilter? filter) =>
        new(
            new TenantId(Guid.NewGuid()),
            new RunCriteria(filter, []),
            [new RunOrderKey(RunField.StartDateTime, isDescending), new RunOrderKey(RunField.Id, isDescending)],
            Limit: 100,
            Skip: 0,
            After: null,
            default
        );

    private static bool IsInside(DateTimeOffset start, long? bound, bool isDescending) =>
        bound is not { } ticks || (isDescending ? start.UtcTicks > ticks : start.UtcTicks < ticks);

    private static bool IsListed(DateTimeOffset start, KeysetCursor? after, IRunFilter? filter, bool isDescending)
    {
        // Runs with the start of the position may be before or after it.
        var isAfter = after?.Keys[0] is not DateTimeOffset place || (isDescending ? start <= place : start >= place);
        return isAfter
            && filter switch
            {
                ComparisonFilter { Operator: ComparisonOperator.Less, Right.Value: DateTimeOffset end } => start < end,
                ComparisonFilter { Operator: ComparisonOperator.GreaterOrEqual, Right.Value: DateTimeOffset from } =>
                    start >= from,
                _ => true,
            };
    }

    private static KeysetCursor? RandomPlace(Random random) =>
        random.Next(2) == 0 ? null : new KeysetCursor([_first.AddHours(random.Next(20 * 24)), Guid.Empty]);

    private static ComparisonFilter? RandomFilter(Random random) =>
        random.Next(3) switch
        {
            0 => null,
            var kind => new ComparisonFilter(
                new Operand(RunField.StartDateTime, Value: null),
                kind == 1 ? ComparisonOperator.Less : ComparisonOperator.GreaterOrEqual,
                new Operand(Field: null, _first.AddHours(random.Next(20 * 24)))
            ),
        };

    // Most runs start on the day of their partition, and a few long before or after.
    private static List<(Guid Partition, DateTimeOffset Start)> RandomRuns(Random random) =>
        [
            .. Enumerable
                .Range(0, random.Next(60))
                .Select(_ => random.Next(20))
                .Select(day =>
                    (
                        Partition(day),
                        _first.AddDays(random.Next(10) == 0 ? random.Next(20) : day).AddHours(random.Next(24))
                    )
                ),
        ];

    private static EndedPartitions Ended(IReadOnlyList<(Guid Partition, DateTimeOffset Start)> runs) =>
        new(
            Guid.NewGuid(),
            [
                .. runs.GroupBy(r => r.Partition, r => r.Start)
                    .OrderBy(g => g.Key)
                    .Select(g => new EndedPartition(g.Key, Following(g.Key), g.Min().UtcTicks, g.Max().UtcTicks)),
            ]
        );

    private static Guid Partition(int day) => new(day, 0, 0, new byte[8]);

    private static Guid Following(Guid partition) =>
        Partition(
            System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(partition.ToByteArray(bigEndian: true)) + 1
        );
}
