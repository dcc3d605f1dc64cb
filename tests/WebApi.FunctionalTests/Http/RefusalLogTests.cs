using IndustryData.Testing;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.FunctionalTests.Http;

public sealed class RefusalLogTests
{
    [Fact]
    public void Flood_of_refusals_writes_one_line_a_second_for_each_cause_and_counts_the_others()
    {
        var (clock, lines) = (new Clock(), new LogLines<RefusalLog>());
        var log = new RefusalLog(clock, lines);
        for (var i = 0; i < 100; i++)
        {
            log.Write("writeQueueFull", "no room");
        }

        log.Write("queryTimeout", "canceled\nat somewhere");
        clock.Seconds = 2;
        log.Write("writeQueueFull", "no room");
        log.Write("writeQueueFull", "no room");

        lines.ShouldBe([
            "A request was refused: writeQueueFull (no room); 0 more since the last line of this kind",
            "A request was refused: queryTimeout (canceled at somewhere); 0 more since the last line of this kind",
            "A request was refused: writeQueueFull (no room); 99 more since the last line of this kind",
        ]);
        lines.Exceptions.ShouldBe(0);
    }

    private sealed class Clock : TimeProvider
    {
        public int Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
