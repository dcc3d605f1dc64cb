using IndustryData.Infrastructure.Persistence.Standbys;

namespace IndustryData.Infrastructure.IntegrationTests.Persistence;

public sealed class PrimaryHistoryTests
{
    private readonly Clock _clock = new();
    private readonly PrimaryHistory _history;

    public PrimaryHistoryTests() => _history = new PrimaryHistory(_clock);

    [Fact]
    public void Standby_without_any_check_of_the_primary_has_an_unknown_lag() =>
        _history.LagOf(position: 100, TimeSpan.Zero).ShouldBeNull();

    [Fact]
    public void Standby_that_has_everything_does_not_lag_even_if_nothing_was_written_for_long()
    {
        Check(100);
        _history.LagOf(position: 100, TimeSpan.FromHours(1)).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Lag_lies_between_the_checks_around_the_position_whatever_the_clock_of_the_standby_says()
    {
        Check(100);
        Check(200);
        Check(300);

        _history.LagOf(position: 150, TimeSpan.FromSeconds(-60)).ShouldBe(TimeSpan.FromSeconds(2));
        _history.LagOf(position: 150, TimeSpan.FromSeconds(2.5)).ShouldBe(TimeSpan.FromSeconds(2.5));
        _history.LagOf(position: 150, TimeSpan.FromSeconds(60)).ShouldBe(TimeSpan.FromSeconds(3));
        _history.LagOf(position: 150, replayAge: null).ShouldBe(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void Lag_of_a_standby_behind_all_checks_is_at_least_their_age()
    {
        Check(100);
        Check(200);

        _history.LagOf(position: 50, TimeSpan.Zero).ShouldBe(TimeSpan.FromSeconds(2));
        _history.LagOf(position: 50, replayAge: null).ShouldBeNull();
    }

    [Fact]
    public void New_primary_with_a_lower_position_begins_a_new_history()
    {
        Check(300);
        Check(200);

        _history.LagOf(position: 200, TimeSpan.FromHours(1)).ShouldBe(TimeSpan.Zero);
        _history.LagOf(position: 100, TimeSpan.Zero).ShouldBe(TimeSpan.FromSeconds(1));
    }

    private void Check(ulong position)
    {
        _history.Add(position);
        _clock.Now += TimeSpan.FromSeconds(1);
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long GetTimestamp() => Now.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}
