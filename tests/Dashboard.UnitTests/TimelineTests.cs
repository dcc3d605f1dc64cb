using IndustryData.Dashboard.Timeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace IndustryData.Dashboard.UnitTests;

public sealed class TimelineTests
{
    private static readonly DateTimeOffset _now = new(2026, 11, 24, 14, 20, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", null)]
    [InlineData("from=2026-11-24T00:00:00Z", "must be times")]
    [InlineData("from=x&to=y", "must be times")]
    [InlineData("from=2026-11-24T00:00:00Z&to=2026-11-24T00:00:00Z", "10 minutes to 31 days")]
    [InlineData("from=2026-01-01T00:00:00Z&to=2026-11-24T00:00:00Z", "10 minutes to 31 days")]
    [InlineData("from=9998-12-31T00:00:00Z&to=9999-01-02T00:00:00Z", "10 minutes to 31 days")]
    public void Span_that_cannot_be_shown_is_replaced_by_the_last_24_hours(string query, string? problem)
    {
        var (span, found) = TimelineSpan.Read(Query(query), _now);

        span.ShouldBe(new TimelineSpan(_now.AddMinutes(-20).AddHours(-23), _now.AddMinutes(40)));
        if (problem is null)
        {
            found.ShouldBeNull();
        }
        else
        {
            found.ShouldNotBeNull().ShouldContain(problem);
        }
    }

    [Fact]
    public void Span_that_moves_or_zooms_is_a_url_that_can_be_read()
    {
        var span = TimelineSpan.Default(_now);

        span.Move(-1).ShouldBe(new TimelineSpan(span.From.AddHours(-12), span.To.AddHours(-12)));
        span.Zoom(0.5).ShouldBe(new TimelineSpan(span.From.AddHours(6), span.To.AddHours(-6)));
        span.Zoom(2)!.Zoom(2)!.Zoom(2)!.Zoom(2)!.Zoom(2).ShouldBeNull();
        foreach (var url in new[] { span, span.Move(1), span.Zoom(0.5)!, span.Zoom(2)! })
        {
            TimelineSpan.Read(Query(url.ToQueryString()[1..]), _now).ShouldBe((url, null));
        }
    }

    private static QueryCollection Query(string text) =>
        new(
            text.Split('&', StringSplitOptions.RemoveEmptyEntries)
                .Select(p => p.Split('='))
                .ToDictionary(p => p[0], p => new StringValues(Uri.UnescapeDataString(p[1])))
        );
}
