using CsCheck;
using IndustryData.Application.Runs;
using IndustryData.Dashboard.Charts;

namespace IndustryData.Dashboard.UnitTests;

public sealed class LocalDaysTests
{
    private static readonly int[] _hours = [1, 3, 6, 12, 24];

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23)]
    [InlineData("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25)]
    [InlineData("America/St_Johns", "2026-03-08", "2026-03-08T03:30:00Z", 23)]
    [InlineData("America/St_Johns", "2026-11-01", "2026-11-01T02:30:00Z", 25)]
    [InlineData("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", 23.5)]
    [InlineData("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", 23)]
    [InlineData("UTC", "2026-10-25", "2026-10-25T00:00:00Z", 24)]
    public void Day_begins_and_ends_at_midnight_of_its_zone(string zone, string day, string start, double hours)
    {
        var span = LocalDays.Spans(DateOnly.Parse(day, null), 1, 1, Zone(zone)).ShouldHaveSingleItem();

        span.Span.From.ShouldBe(DateTimeOffset.Parse(start, null));
        span.Bucket.ShouldBe(TimeSpan.FromHours(hours));
        (span.Span.To - span.Span.From).ShouldBe(span.Bucket);
    }

    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/St_Johns")]
    [InlineData("UTC")]
    public void Spans_of_a_year_follow_each_other_and_have_all_days(string zone)
    {
        var spans = LocalDays.Spans(new DateOnly(2026, 1, 1), 365, 1, Zone(zone));

        spans.Count.ShouldBe(zone == "UTC" ? 1 : 5);
        spans.Sum(s => (s.Span.To - s.Span.From) / s.Bucket).ShouldBe(365);
        spans.Zip(spans.Skip(1)).ShouldAllBe(pair => pair.First.Span.To == pair.Second.Span.From);
    }

    [Fact]
    public void Marks_show_whole_steps_of_the_local_clock() =>
        Gen.Select(
                Gen.Int[0, 365 * 24 * 60],
                Gen.Int[10, 31 * 24 * 60],
                Gen.Bool.Select(b => b ? "Europe/Berlin" : "America/St_Johns"),
                Gen.Int[0, _hours.Length - 1].Select(i => _hours[i])
            )
            .Sample(
                (start, length, name, hours) =>
                {
                    var from = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(start);
                    var span = new StartSpan(from, from.AddMinutes(length));

                    var marks = LocalDays.Marks(span, TimeSpan.FromHours(hours), Zone(name)).ToList();

                    marks.ShouldAllBe(m => m >= span.From && m < span.To);
                    marks.Zip(marks.Skip(1)).ShouldAllBe(pair => pair.First < pair.Second);
                    var clocks = marks.Select(m => TimeZoneInfo.ConvertTime(m, Zone(name)).TimeOfDay.TotalHours);
                    clocks.ShouldAllBe(hour => hour % hours == 0);
                }
            );

    private static TimeZoneInfo Zone(string name) => TimeZoneInfo.FindSystemTimeZoneById(name);
}
