using CsCheck;
using IndustryData.Application.Runs;
using IndustryData.Dashboard.Timeline;
using IndustryData.Domain.Runs;

namespace IndustryData.Dashboard.UnitTests;

public sealed class OverlapTests
{
    private const int Width = 100;

    private static readonly DateTimeOffset _start = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    // A pixel is ten minutes.
    private static readonly TimelineSpan _span = new(_start, _start.AddMinutes(Width * 10));

    [Fact]
    public void Run_is_counted_in_the_pixels_of_its_time()
    {
        var most = Count(Run(100, 200), Run(150, 160), Run(-500, 20), Run(990, 5000));

        most.Count.ShouldBe(Width);
        most.Take(3).ShouldBe([1, 1, 0]);
        most.Skip(9).Take(12).ShouldBe([0, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 0]);
        most.Skip(98).ShouldBe([0, 1]);
    }

    [Fact]
    public void Runs_one_after_the_other_do_not_overlap() => Count(Run(0, 10), Run(10, 20)).Max().ShouldBe(1);

    [Fact]
    public void Runs_outside_of_the_span_do_not_count() =>
        Count(Run(-50, -20), Run(-50, -20), Run(1000, 1010), Run(2000, 2010)).Max().ShouldBe(0);

    [Fact]
    public void Running_run_is_open_until_now() => Count(Run(0, 999, "running")).Count(c => c == 1).ShouldBe(50);

    [Fact]
    public void Maximum_of_a_pixel_is_that_of_its_minutes() =>
        Gen.Select(Gen.Int[-50, 1050], Gen.Int[1, 100])
            .List[0, 40]
            .Sample(edges =>
            {
                var runs = edges.Select(e => Run(e.Item1, e.Item1 + e.Item2)).ToArray();

                var most = Count(runs);

                for (var x = 0; x < Width; x++)
                {
                    var expected = Enumerable
                        .Range(x * 10, 10)
                        .Max(minute => edges.Count(e => e.Item1 <= minute && minute < e.Item1 + e.Item2));
                    most[x].ShouldBe(expected, $"pixel {x}");
                }
            });

    private static IReadOnlyList<int> Count(params FamilyRun[] runs) =>
        Overlap.ByPixel(runs, _span, Width, _start.AddMinutes(500));

    private static FamilyRun Run(int from, int to, string status = "completed") =>
        new(Guid.NewGuid(), "Sync", _start.AddMinutes(from), _start.AddMinutes(to), status, new InboundTotals());
}
