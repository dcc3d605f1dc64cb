using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class StartRateLimitTests
{
    private static readonly StartRateLimit _limit = new(MaxStarts: 3, Window: TimeSpan.FromHours(12));
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<double[], double?> Starts() =>
        new()
        {
            // The ages of the starts in hours, and the hours until the next start is allowed; null if it is.
            { [], null },
            { [0, 0], null },
            { [0, 0, 0], 12 },
            { [1, 5, 11], 1 },
            { [11, 1, 5], 1 },
            { [1, 5, 12], null },
            { [1, 5, 11.75, 30], 0.25 },
            // After the oldest of four starts has left the window, three still count.
            { [1, 5, 7, 11], 5 },
        };

    [Theory]
    [MemberData(nameof(Starts))]
    public void Start_is_allowed_while_fewer_than_the_maximum_are_in_the_window(double[] ages, double? retryAfter)
    {
        var error = _limit.Check(ages.Select(age => _now.AddHours(-age)), _now);

        (error?.Code, error?.RetryAfter).ShouldBe(
            retryAfter is { } hours ? ("startRateLimitExceeded", TimeSpan.FromHours(hours)) : (null, null)
        );
    }

    [Fact]
    public void Error_names_the_limit_and_the_window()
    {
        var error = _limit.Check(Enumerable.Repeat(_now, 3), _now);

        error!.Kind.ShouldBe(ErrorKind.RateLimited);
        error.Message.ShouldStartWith("3 runs were started within 12 hours");
    }

    [Fact]
    public void Limit_of_no_starts_refuses_every_start() =>
        (_limit with { MaxStarts = 0 }).Check([], _now)!.RetryAfter.ShouldBe(TimeSpan.FromHours(12));
}
