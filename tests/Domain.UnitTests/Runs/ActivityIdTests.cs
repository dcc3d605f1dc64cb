using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class ActivityIdTests
{
    private static readonly RunId _run = RunId.New(new DateTimeOffset(2026, 11, 22, 3, 30, 15, 123, TimeSpan.Zero));

    [Fact]
    public void Ids_of_a_run_grow_with_the_ordinal()
    {
        var ids = Enumerable.Range(0, Run.MaxActivities).Select(i => ActivityId.New(_run, i).ToString()).ToList();

        ids.ShouldBe(ids.Order(StringComparer.Ordinal));
        ids.Distinct().Count().ShouldBe(Run.MaxActivities);
    }

    [Fact]
    public void An_id_is_a_version_7_uuid_of_the_time_of_its_run()
    {
        var id = ActivityId.New(_run, 999);

        id.Value.Version.ShouldBe(7);
        id.Value.Variant.ShouldBeInRange(8, 11);
        id.ToString()[..13].ShouldBe(_run.ToString()[..13]);
        id.ToString()[14..18].ShouldBe("73e7");
    }

    [Fact]
    public void Ids_with_the_same_ordinal_differ() => ActivityId.New(_run, 1).ShouldNotBe(ActivityId.New(_run, 1));

    [Theory]
    [InlineData(-1)]
    [InlineData(Run.MaxActivities + 1)]
    public void An_ordinal_out_of_range_throws(int ordinal) =>
        Should.Throw<ArgumentOutOfRangeException>(() => ActivityId.New(_run, ordinal));
}
